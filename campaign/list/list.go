package list

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"reseal/internal/plain"
	"reseal/partition"
)

// Format is the first field of a campaign file.
const Format = "reseal-campaign/1"

// KeyPlaceholder stands for a key that nobody has named yet.
const KeyPlaceholder = "KEY_ARN"

// What a file may hold at most.
const (
	MaxFile     = 8 << 20 // bytes
	MaxBuckets  = 20_000
	maxPrefixes = 1000 // of one bucket
)

// List is the buckets of a campaign, in the order in which they are worked on.
type List struct{ Buckets []Bucket }

// Bucket is one entry of a List.
type Bucket struct {
	Name    string // of the bucket
	Region  string // "" where it is still to be asked for
	Account string // 12 digits, that owns it; "" where it is the caller's

	// How requests are signed: as the session of a role, by a profile, or, where both
	// are "", as the caller's own.
	Role       string // ARN
	ExternalID string // that the role asks for; "" for none
	Profile    string // of the AWS configuration

	Manifest        string   // as --manifest takes it; "" where none is known
	Columns         string   // as --columns takes them, where the manifest is the result of a query; "" for a report
	Key             string   // as --sse-kms-key-id takes it, or KeyPlaceholder
	Prefixes        []string // as --prefix takes them; none for the whole bucket
	ExcludePrefixes []string // as --exclude-prefix takes them

	UntilClean *bool // as --until-clean; nil for what the campaign says

	Include bool   // false: left out of the campaign
	Reason  string // why it is included or not, for people
}

// NeedsKey tells whether the key has yet to be named.
func (b *Bucket) NeedsKey() bool { return b.Key == "" || b.Key == KeyPlaceholder }

// Included returns the buckets that the campaign takes.
func (l *List) Included() []Bucket {
	var out []Bucket
	for _, b := range l.Buckets {
		if b.Include {
			out = append(out, b)
		}
	}
	return out
}

// Check returns what is wrong with the first bucket that something is wrong with.
func (l *List) Check() error {
	_, err := l.check()
	return err
}

// check is Check, with the index of the bucket.
func (l *List) check() (int, error) {
	if len(l.Buckets) > MaxBuckets {
		return MaxBuckets, fmt.Errorf("more than %d buckets", MaxBuckets)
	}
	type place struct{ partition, name string }
	seen := make(map[place]int, len(l.Buckets))
	for i := range l.Buckets {
		b := &l.Buckets[i]
		if err := b.check(); err != nil {
			return i, err
		}
		// A name is one bucket in a partition (Amazon S3 User Guide, bucketnamingrules).
		at := place{partition.Of(b.Role, b.Region).ID, b.Name}
		if first, twice := seen[at]; twice {
			return i, fmt.Errorf("bucket %s is entry %d already", b.Name, first+1)
		}
		seen[at] = i
	}
	return 0, nil
}

// What the fields can look like. Old buckets of us-east-1 have names that new ones
// cannot have (Amazon S3 User Guide, bucketnamingrules, read 2026-11-30); external ids
// and roles are as STS takes them (AWS STS API Reference, AssumeRole, from memory).
var (
	bucketName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$`)
	regionName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	accountID    = regexp.MustCompile(`^[0-9]{12}$`)
	roleARN      = regexp.MustCompile(`^arn:aws[a-z-]{0,20}:iam::([0-9]{12}):role/[\x21-\x7e]{1,600}$`)
	externalID   = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
	keyName      = regexp.MustCompile(`^[\w:/-]+$`)
	longestField = 2048
)

// ValidBucket tells whether text can be the name of a bucket.
func ValidBucket(text string) bool { return bucketName.MatchString(text) }

// ValidRegion tells whether text can be the name of a Region, on AWS or elsewhere.
func ValidRegion(text string) bool { return regionName.MatchString(text) }

// ValidRole tells whether text can be the ARN of a role, and of which account.
func ValidRole(text string) (account string, ok bool) {
	m := roleARN.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// ValidExternalID tells whether STS could take text as an external id.
func ValidExternalID(text string) bool { return len(text) <= 1224 && externalID.MatchString(text) }

// check returns what is wrong with the entry.
func (b *Bucket) check() error {
	for _, f := range []struct {
		name, value string
		want        *regexp.Regexp
	}{
		{"name", cmp.Or(b.Name, " "), bucketName}, {"region", b.Region, regionName}, {"account", b.Account, accountID},
		{"role", b.Role, roleARN}, {"external-id", b.ExternalID, externalID}, {"sse-kms-key-id", b.Key, keyName},
	} {
		if f.value != "" && (len(f.value) > longestField || !f.want.MatchString(f.value)) {
			return fmt.Errorf("%s: %q cannot be one", f.name, shown(f.value))
		}
	}
	for name, value := range map[string]string{"profile": b.Profile, "manifest": b.Manifest, "columns": b.Columns} {
		if plain.Text(value) != value || len(value) > longestField {
			return fmt.Errorf("%s: %q cannot be one", name, shown(value))
		}
	}
	account, _ := ValidRole(b.Role)
	switch {
	case b.ExternalID != "" && b.Role == "":
		return errors.New("external-id: goes with a role, and there is none")
	case b.Role != "" && b.Profile != "":
		return errors.New("role and profile: only one of both can sign")
	case b.Role != "" && b.Account != "" && account != b.Account:
		return fmt.Errorf("role: is of account %s, the bucket of account %s", account, b.Account)
	case b.Role != "" && b.Region != "" && partition.OfARN(b.Role).ID != partition.OfRegion(b.Region).ID:
		return fmt.Errorf("role: is of partition %s, Region %s is in %s", partition.OfARN(b.Role).ID, b.Region, partition.OfRegion(b.Region).ID)
	}
	if err := checkPrefixes("prefix", b.Prefixes); err != nil {
		return err
	}
	return checkPrefixes("exclude-prefix", b.ExcludePrefixes)
}

func checkPrefixes(name string, prefixes []string) error {
	if len(prefixes) > maxPrefixes {
		return fmt.Errorf("%s: more than %d", name, maxPrefixes)
	}
	for _, p := range prefixes {
		if p == "" || len(p) > longestField || strings.ContainsRune(p, 0) {
			return fmt.Errorf("%s: %q cannot be the beginning of a key", name, shown(p))
		}
	}
	return nil
}

// shown is a value in an error.
func shown(value string) string {
	const most = 60
	if len(value) > most {
		value = strings.ToValidUTF8(value[:most], "") + "..."
	}
	return plain.Text(strings.TrimSpace(value))
}
