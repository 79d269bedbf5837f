package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/internal/cli"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/preflight"
)

// connection says where the store is and who asks.
type connection struct {
	endpoint  string
	s3Only    string // endpoint of S3 alone, as the job knows it
	region    string
	profile   string
	caBundle  string
	owner     string
	jobOwner  string
	allowHTTP bool
	sdkClient bool
	stderr    func() io.Writer // for a person who waits
}

func (c *connection) bind(cmd *cobra.Command) {
	c.stderr = cmd.ErrOrStderr
	f := cmd.Flags()
	f.StringVar(&c.endpoint, "endpoint-url", "", "S3 and KMS endpoint, where it is not AWS's own")
	f.StringVar(&c.region, "region", "", "Region of the bucket (default: from environment and profile)")
	f.StringVar(&c.profile, "profile", "", "profile of the AWS configuration")
	pathVar(f, &c.caBundle, "ca-bundle", "PEM `FILE` of certificate authorities to trust instead of the system's")
	f.StringVar(&c.owner, "expected-bucket-owner", "", "`account` that must own the bucket (default: the caller's)")
	f.BoolVar(&c.allowHTTP, "allow-http", false, "allow plain HTTP to an endpoint that is not on this machine")
	f.BoolVar(&c.sdkClient, "sdk-client", false, "send every request by the AWS SDK's own client: the same requests, for several times the CPU time")
}

// bindJob adds what is said of the bucket that a job is kept in.
func (c *connection) bindJob(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.jobOwner, "job-bucket-owner", "", "`account` that must own the bucket of a --job in S3 (default: the caller's)")
}

// selection is what is to be done to which objects: the options that a job is
// bound to, and where the report is.
type selection struct {
	manifest       string
	columns        string
	onlyBucket     string
	noChecksum     bool
	keyID          string
	sse            string
	bucketKey      bool
	method         string
	rekey          bool
	prefixes       []string
	exclude        []string
	include        []string
	excludeGlobs   []string
	tags           []string
	fromKeys       []string
	olderThan      string
	newerThan      string
	minSize        string
	maxSize        string
	classes        []string
	trustInventory bool
	inspectAll     bool
	multipart      string
	copyVia        string
	acl            string
	versions       string
	confirm        string
	keepInventory  string
	memory         string
	offline        bool

	bound *plan.Options // of the job that is resumed, in place of the flags; nil for none
}

func (s *selection) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	pathVar(f, &s.manifest, "manifest", "the inventory report: s3://bucket/…/manifest.json, s3://bucket/prefix/ for the newest, a local `path`, or a list of bucket,key lines")
	bindResults(f, &s.columns, &s.onlyBucket)
	f.BoolVar(&s.noChecksum, "no-manifest-checksum", false, "go on although manifest.checksum is missing or does not match")
	f.StringVar(&s.keyID, "sse-kms-key-id", "", "KMS key to re-encrypt under: an ARN, id or alias")
	f.StringVar(&s.sse, "sse", plan.TargetKMS, "target encryption: aws:kms, or AES256 for the way back")
	f.BoolVar(&s.bucketKey, "bucket-key-enabled", true, "use an S3 Bucket Key, which spares most KMS requests")
	f.StringVar(&s.method, "method", string(plan.MethodCopy), "how to re-encrypt: copy; update, which changes the encryption in place; or auto, update and copy for what it does not take")
	f.StringVar(&s.versions, "versions", "current", "which versions: current, or all, which only an update can do")
	f.StringVar(&s.confirm, "confirm", "all", "share of the updates to prove with a HeadObject: all, or e.g. 10%")
	f.StringVar(&s.copyVia, "copy-via", "", "multipart: copy objects of every size in parts, for endpoints that refuse a copy onto itself")
	f.StringVar(&s.acl, "acl", "", "canned ACL of every copy, for buckets whose policy asks for it: bucket-owner-full-control; grants are kept beside it")
	f.BoolVar(&s.rekey, "rekey", false, "also re-encrypt SSE-KMS objects that are under another key")
	f.StringArrayVar(&s.prefixes, "prefix", nil, "only keys with this prefix (repeatable)")
	f.StringArrayVar(&s.exclude, "exclude-prefix", nil, "no keys with this prefix (repeatable)")
	f.StringArrayVar(&s.include, "include", nil, "only keys like this, e.g. '*.parquet': * stands for any text, ? for one character (repeatable)")
	f.StringArrayVar(&s.excludeGlobs, "exclude", nil, "no keys like this (repeatable)")
	f.StringArrayVar(&s.tags, "tag", nil, "only objects with this tag, KEY=VALUE or KEY for any value: each is looked at and its tags are read first (repeatable: all of them)")
	f.StringArrayVar(&s.fromKeys, "from-key", nil, "only objects that are under this KMS key now, an ARN or id; needs --rekey or --sse AES256 (repeatable)")
	f.StringVar(&s.olderThan, "older-than", "", "only objects last changed before this: an age such as 30d or 12h, or a date such as 2026-01-31 (UTC)")
	f.StringVar(&s.newerThan, "newer-than", "", "only objects last changed since this: an age or a date")
	f.StringVar(&s.minSize, "min-size", "", "only objects of at least this size, e.g. 128KiB")
	f.StringVar(&s.maxSize, "max-size", "", "only objects of at most this size")
	f.StringArrayVar(&s.classes, "storage-class", nil, "only objects of this storage class (repeatable)")
	f.BoolVar(&s.trustInventory, "trust-inventory", false, "send no HeadObject before a copy, although class, lock or ACL may have changed since the report")
	f.BoolVar(&s.inspectAll, "inspect-all", false, "send a HeadObject before every copy, also where the bucket's configuration makes it needless")
	f.StringVar(&s.multipart, "multipart-threshold", "", "copy objects above this size in parts (default and at most 5GiB)")
	pathVar(f, &s.keepInventory, "keep-inventory", "keep the report's data files in this `folder`, as they may expire between two nights")
	f.StringVar(&s.memory, "memory", "512MiB", "use at most about this much memory; it sets how many report files are open at once")
	f.BoolVar(&s.offline, "offline", false, "send nothing but the requests that read the report")
}

// adopt takes what a job is bound to in place of what the flags say.
func (s *selection) adopt(made *job.Plan) {
	if s.manifest == "" {
		s.manifest = made.Manifest
	}
	s.noChecksum = true // the MD5 is compared with the job's
	s.columns, s.onlyBucket = made.Columns, ""
	if made.Options.OnlyBucket {
		s.onlyBucket = made.Options.Bucket
	}
	s.bound, s.bucketKey = &made.Options, made.Options.BucketKey
}

// decides tells whether an option decides what is done to which objects, so that a job
// is bound to it. The others of a selection say where the report is and how it is read.
func decides(option string) bool {
	switch option {
	case "manifest", "no-manifest-checksum", "keep-inventory", "memory", "offline":
		return false
	}
	cmd := new(cobra.Command)
	new(selection).bind(cmd)
	return cmd.Flags().Lookup(option) != nil
}

// options turns the flags into the options that a job is bound to. The bucket
// is the report's, the key id has yet to be resolved.
func (s *selection) options() (plan.Options, error) {
	if s.bound != nil {
		return *s.bound, nil
	}
	var errs []error
	size := func(flag, text string) int64 {
		if text == "" {
			return 0
		}
		n, err := cli.ParseSize(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", flag, err))
		}
		return n
	}
	o := plan.Options{
		Method: plan.Method(s.method), SSE: s.sse, KMSKeyID: s.keyID, BucketKey: s.bucketKey, Rekey: s.rekey,
		Prefixes: s.prefixes, Exclude: s.exclude, MinSize: size("min-size", s.minSize), MaxSize: size("max-size", s.maxSize),
		IncludeGlobs: s.include, ExcludeGlobs: s.excludeGlobs, Tags: s.tags, FromKeys: s.fromKeys, StorageClasses: s.classes, TrustInventory: s.trustInventory, InspectAll: s.inspectAll, Multipart: size("multipart-threshold", s.multipart),
		OnlyBucket: s.onlyBucket != "", CopyVia: s.copyVia, ACL: s.acl, AllVersions: s.versions == "all",
	}
	for _, list := range []struct {
		flag   string
		values []string
	}{{"prefix", s.prefixes}, {"exclude-prefix", s.exclude}, {"include", s.include}, {"exclude", s.excludeGlobs}} {
		if slices.Contains(list.values, "") {
			errs = append(errs, fmt.Errorf("--%s %q: an empty one would match every key or none", list.flag, ""))
		}
	}
	errs = append(errs, s.ageErrors(&o)...)
	errs = append(errs, plan.TagErrors(s.tags)...)
	errs = append(errs, fromKeyErrors(&o)...)
	errs = append(errs, s.resultErrors()...)
	errs = append(errs, s.methodErrors(&o)...)
	errs = append(errs, classErrors(s.classes)...)
	switch {
	case s.manifest == "":
		errs = append(errs, errors.New("--manifest is needed: the manifest.json of an inventory report"))
	case o.SSE != plan.TargetKMS && o.SSE != plan.TargetAES256:
		errs = append(errs, cli.ChoiceError("--sse", o.SSE, plan.TargetKMS, plan.TargetAES256))
	case o.SSE == plan.TargetKMS && o.KMSKeyID == "":
		errs = append(errs, errors.New("--sse-kms-key-id is needed: without it S3 would take the AWS managed key aws/s3"))
	case o.SSE == plan.TargetAES256 && o.KMSKeyID != "":
		errs = append(errs, errors.New("--sse AES256 has no key: leave --sse-kms-key-id out"))
	case o.TrustInventory && o.InspectAll:
		errs = append(errs, errors.New("--trust-inventory and --inspect-all exclude each other"))
	case o.Multipart > plan.SingleCopyLimit:
		errs = append(errs, errors.New("--multipart-threshold: S3 copies at most 5GiB in one request"))
	case o.Multipart != 0 && o.Multipart < plan.MinPartSize:
		errs = append(errs, errors.New("--multipart-threshold: at least 5MiB"))
	case s.maxSize != "" && o.MaxSize == 0 && len(errs) == 0:
		errs = append(errs, fmt.Errorf("--max-size %s would select empty objects alone: 1B is the least", s.maxSize))
	case o.MaxSize > 0 && o.MinSize > o.MaxSize:
		errs = append(errs, errors.New("--min-size is above --max-size: nothing would be selected"))
	}
	if o.SSE == plan.TargetAES256 {
		o.BucketKey = false
	}
	if len(errs) > 0 {
		return o, &cli.UsageError{Err: errors.Join(errs...)}
	}
	return o.Normal(), nil
}

// storageClasses are those that an object in a general purpose bucket can have.
var storageClasses = []string{
	string(inventory.Standard), string(inventory.StandardIA), string(inventory.OneZoneIA), string(inventory.IntelligentTiering),
	string(inventory.GlacierIR), string(inventory.Glacier), string(inventory.DeepArchive), string(inventory.ReducedRedundancy),
}

// classErrors refuses storage classes that no object has: a typo would select
// nothing, and look like a bucket with nothing to do.
func classErrors(classes []string) (errs []error) {
	for _, c := range classes {
		if !slices.Contains(storageClasses, c) {
			errs = append(errs, classError(c))
		}
	}
	return errs
}

// classError says that there is no such storage class, and which there are.
func classError(class string) error {
	return fmt.Errorf("--storage-class %q: no such class; there are %s%s", class, strings.Join(storageClasses, ", "), cli.Meant(strings.ToUpper(class), storageClasses, ""))
}

// methods are the ways to re-encrypt an object.
func methods() []string {
	return []string{string(plan.MethodCopy), string(plan.MethodUpdate), string(plan.MethodAuto)}
}

// versionChoices are which versions of objects there are to be chosen.
func versionChoices() []string { return []string{"current", "all"} }

// methodErrors reads what is about the way objects are re-encrypted, and says
// what of it does not go together.
func (s *selection) methodErrors(o *plan.Options) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	updates := o.Method == plan.MethodUpdate || o.Method == plan.MethodAuto
	switch {
	case !updates && o.Method != plan.MethodCopy:
		errs = append(errs, cli.ChoiceError("--method", string(o.Method), methods()...))
	case updates && o.SSE == plan.TargetAES256:
		bad("--method %s: there is no update back to SSE-S3, only --method copy", o.Method)
	}
	switch {
	case s.versions != "current" && s.versions != "all":
		errs = append(errs, cli.ChoiceError("--versions", s.versions, versionChoices()...))
	case o.AllVersions && !updates:
		bad("--versions all needs --method update or auto: a copy of an old version would become the current one, so the history would change its order")
	}
	if o.CopyVia != "" && o.CopyVia != plan.ViaMultipart {
		errs = append(errs, cli.ChoiceError("--copy-via", o.CopyVia, plan.ViaMultipart))
	}
	if o.ACL != "" && o.ACL != plan.BucketOwnerFullControl {
		errs = append(errs, cli.ChoiceError("--acl", o.ACL, plan.BucketOwnerFullControl))
	}
	if s.confirm != "all" {
		share, err := cli.ParsePercent(s.confirm)
		switch {
		case err != nil:
			bad("--confirm: want all or a share: %w", err)
		case !updates && share < 1:
			bad("--confirm is about updates: the answer to a copy is its proof")
		default:
			o.Unconfirmed = int64(math.Round((1 - share) * 1e6))
		}
	}
	return errs
}

// defaultConcurrency is for 3,000 requests a second that take 200 ms each, and
// half as many again as latencies vary. Unneeded ones cost nothing.
const defaultConcurrency = 1024

// pace is how fast a run may go. It may differ from one night to the next.
type pace struct {
	kmsRPS      float64
	kmsShare    string
	s3RPS       float64
	concurrency int
	updateKMS   int
	noCanary    bool
	snapshot    string
	snapshots   remembering // as check read it
	keyWeight   float64
	headroom    string
}

func (p *pace) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var((*cli.Rate)(&p.kmsRPS), "kms-rps", "cap on KMS requests a second (default: --kms-share of the quota)")
	f.StringVar(&p.kmsShare, "kms-share", "50%", "share of the account's KMS request quota to use at most")
	f.Float64Var(&p.s3RPS, "s3-rps", 3500, "S3 write requests a second to start from (and reads in proportion)")
	f.IntVar(&p.concurrency, "concurrency", defaultConcurrency, "work on at most this many objects at once; fewer where the rate needs fewer")
	f.Float64Var(&p.keyWeight, "bucket-key-weight", 1, "how much of what an S3 Bucket Key can spare the pace still counts on: 1 counts every object as a KMS request, 0 none")
	f.StringVar(&p.headroom, "kms-headroom", "", "leave this much of the KMS quota free beside what the whole account uses (by CloudWatch): requests a second, or a share such as 10%")
	f.BoolVar(&p.noCanary, "no-canary", false, "do not prove some objects of each kind before the rest is begun")
	f.StringVar(&p.snapshot, "snapshot", "1000", "remember this many objects as a whole (metadata, tags, ACL, hash of the data), for verify to compare: a number, or a share such as 1%; 0 for none")
	f.IntVar(&p.updateKMS, "update-kms-weight", 0, "KMS requests that S3 makes for one update, where that was measured (default: 1 to 2, as AWS does not state it)")
}

// weights are the KMS requests that S3 makes for each kind of request.
func (p *pace) weights(bucketKey bool) plan.Weights {
	w := plan.DefaultWeights(bucketKey)
	if p.updateKMS > 0 {
		w.Update = plan.Exactly(int64(p.updateKMS))
	}
	return w
}

// rates are what was asked for about the pace, with everything else about it checked.
func (p *pace) rates() (out preflight.Rates, err error) {
	if p.snapshots, err = parseRemembering(p.snapshot); err != nil {
		return out, usagef("--snapshot %w", err)
	}
	share, err := cli.ParsePercent(p.kmsShare)
	switch {
	case err != nil:
		return out, usagef("--kms-share: %w", err)
	case share <= 0:
		return out, usagef("--kms-share %s: a share of nothing never ends", p.kmsShare)
	case p.kmsRPS < 0 || math.IsNaN(p.kmsRPS) || math.IsInf(p.kmsRPS, 0):
		return out, usagef("--kms-rps %v: want a rate above 0", p.kmsRPS)
	case !(p.keyWeight >= 0 && p.keyWeight <= 1):
		return out, usagef("--bucket-key-weight %v: want 0 to 1", p.keyWeight)
	case !(p.s3RPS > 0) || math.IsInf(p.s3RPS, 0):
		return out, usagef("--s3-rps %v: want a rate above 0", p.s3RPS)
	case p.updateKMS < 0 || p.updateKMS > 100:
		return out, usagef("--update-kms-weight %d: want 1 to 100, or 0 for 1 to 2", p.updateKMS)
	case p.concurrency < 1 || p.concurrency > 100_000:
		return out, usagef("--concurrency %d: want 1 to 100000", p.concurrency)
	}
	headroom, err := parseHeadroom(p.headroom)
	if err != nil {
		return out, usagef("--kms-headroom %w", err)
	}
	return preflight.Rates{KMS: p.kmsRPS, KMSShare: share, S3Writes: p.s3RPS, Headroom: headroom, HeadroomText: p.headroom}, nil
}

// limits end a run before the report's end. All of them leave a job that goes
// on where it stopped.
type limits struct {
	objects      int64
	failuresText string
	failures     migrate.FailureLimit
	outage       time.Duration
	duration     time.Duration
	attempts     int
	maxCostText  string
}

func (l *limits) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Int64Var(&l.objects, "limit", 0, "stop after this many objects")
	f.StringVar(&l.failuresText, "max-failures", "", "stop after this many failed objects, or at a share such as 1% of those tried (at least 200 tried)")
	f.DurationVar(&l.outage, "max-outage", time.Hour, "wait at most this long for an endpoint that is gone or for credentials that have expired, then stop")
	f.DurationVar(&l.duration, "max-duration", 0, "stop after this time, e.g. 7h30m")
	f.IntVar(&l.attempts, "attempts", 12, "send one request at most so often before its object fails; a throttled one (503, 429) ten times as often, which takes about half an hour")
	f.StringVar(&l.maxCostText, "max-cost", "", "stop before the requests may have cost more than this, in US dollars; shares of a job divide it")
}

// accepts is the list of hazards that the user takes on by name.
type accepts []string

func (a *accepts) bind(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(a), "accept", nil, "accept a hazard by `NAME` (repeatable)")
}

func (a accepts) has(name string) bool { return slices.Contains(a, name) }

// check refuses names that no hazard has: a typo would be an acceptance of nothing.
func (a accepts) check() error {
	names := preflight.HazardNames()
	for _, name := range a {
		if !slices.Contains(names, name) {
			return usagef("--accept %q: no such hazard; there are %s%s", name, strings.Join(names, ", "), cli.Meant(name, names, ""))
		}
	}
	return nil
}

// losses are the attributes whose loss was accepted with a hazard.
func (a accepts) losses() []plan.Attribute {
	return slices.DeleteFunc(plan.Losses(), func(l plan.Attribute) bool { return !a.has(l.Hazard()) })
}
