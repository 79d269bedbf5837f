package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"reseal/campaign/list"
	"reseal/checkpoint"
	"reseal/cost"
	"reseal/internal/plain"
	"reseal/job"
)

// File is the document of a campaign, in its folder.
const File = job.CampaignFile

const (
	format = 1

	// maxDocument bounds what is read: a list has 8 MiB at most.
	maxDocument = 64 << 20

	longestWhy = 400 // bytes
)

// Document is what a campaign keeps of itself beside its jobs.
type Document struct {
	Version int       `json:"version"`
	Program string    `json:"program"`
	Created time.Time `json:"created"`
	Buckets []Entry   `json:"buckets"` // in the order of the list
}

// Entry is a bucket of the document.
type Entry struct {
	Name     string   `json:"bucket"`
	Region   string   `json:"region,omitempty"`
	Account  string   `json:"account,omitempty"`
	Manifest string   `json:"manifest"`
	Key      string   `json:"kms_key_id"`
	Prefixes []string `json:"prefix,omitempty"`
	Exclude  []string `json:"exclude_prefix,omitempty"`

	Made    bool `json:"made"` // the entry has a job
	LeftOut bool `json:"left_out,omitempty"`

	UntilClean bool `json:"until_clean,omitempty"` // its run lists the bucket until nothing is left

	Began time.Time `json:"began,omitzero"` // when a run of the campaign last took it up, or was to

	Planned *Figures `json:"planned,omitempty"`
	Ended   *Ending  `json:"ended,omitempty"` // how its last run ended, or the last try to begin one
}

// Figures are what a bucket takes.
type Figures struct {
	Objects int64      `json:"objects"`
	Bytes   int64      `json:"bytes"`
	KMS     cost.Calls `json:"kms_calls"`
	Priced  bool       `json:"priced"` // Price is all that it costs
	Price   cost.Span  `json:"price_usd"`
}

// add adds those of another bucket.
func (f *Figures) add(o *Figures) {
	f.Objects, f.Bytes, f.Priced = plus(f.Objects, o.Objects), plus(f.Bytes, o.Bytes), f.Priced && o.Priced
	f.KMS = cost.Calls{Min: plus(f.KMS.Min, o.KMS.Min), Expected: plus(f.KMS.Expected, o.KMS.Expected), Max: plus(f.KMS.Max, o.KMS.Max)}
	if o.Priced {
		f.Price = f.Price.Add(o.Price)
	}
}

// Plus returns the figures with those of more objects.
func (f Figures) Plus(o Figures) Figures {
	f.add(&o)
	return f
}

// Of scales the figures to another number of objects; nothing where they are about none.
func (f Figures) Of(objects int64) Figures {
	if f.Objects <= 0 || objects <= 0 {
		return Figures{Objects: max(objects, 0), Priced: f.Priced}
	}
	part := float64(objects) / float64(f.Objects)
	of := func(n int64) int64 { return int64(min(float64(n)*part, math.MaxInt64/2)) }
	money := func(m cost.Money) cost.Money { return cost.Money(of(int64(m))) }
	return Figures{Objects: objects, Bytes: of(f.Bytes), KMS: cost.Calls{Min: of(f.KMS.Min), Expected: of(f.KMS.Expected), Max: of(f.KMS.Max)},
		Priced: f.Priced, Price: cost.Span{Min: money(f.Price.Min), Expected: money(f.Price.Expected), Max: money(f.Price.Max)}}
}

// plus adds numbers that are not negative, and stops at the largest one.
func plus(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return int64(^uint64(0) >> 1)
}

// Ending is how a run of a bucket ended, or why none began.
type Ending struct {
	At   time.Time `json:"at"`
	Code int       `json:"exit_code"`
	Why  string    `json:"why,omitempty"`
}

// NewEnding is an ending at this moment. Why may be any text.
func NewEnding(at time.Time, code int, why string) *Ending {
	why, _, _ = strings.Cut(why, "\n")
	if len(why) > longestWhy {
		why = strings.ToValidUTF8(why[:longestWhy-3], "") + "..."
	}
	return &Ending{At: at.UTC(), Code: code, Why: strings.ToValidUTF8(why, "?")}
}

// Refused tells whether that was no end of a run, as what was asked for was refused. Of a
// nil one it is false.
func (e *Ending) Refused() bool {
	return e != nil && (e.Code == refusedCode || e.Code == otherJobCode)
}

// EntryOf is what is kept of a bucket of the list.
func EntryOf(b *list.Bucket) Entry {
	return Entry{Name: b.Name, Region: b.Region, Account: b.Account, Manifest: b.Manifest, Key: b.Key, Prefixes: b.Prefixes, Exclude: b.ExcludePrefixes}
}

// ChangedError is a bucket whose entry says something else than the one that its job was
// made of.
type ChangedError struct {
	Bucket, Field string
	Was, Is       string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("the list has another %s for %s than when its job was made: %q then, %q now. Nothing was done for it. Set it back, or take the bucket out of the list and make a campaign of its own for it",
		e.Field, e.Bucket, plain.Text(e.Was), plain.Text(e.Is))
}

// OtherBucketError is a bucket whose report, or whose job, is of another one.
type OtherBucketError struct {
	Bucket string // as the list names it
	Is     string
	Job    string // that is of the other bucket; "" where the report is
}

func (e *OtherBucketError) Error() string {
	if e.Job != "" {
		return fmt.Sprintf("%s is the place of the job of %s, and holds a job of bucket %s. Nothing was done for either. Put the right job back there, or move this one away: the same campaign then makes a new one for %s",
			plain.Text(e.Job), plain.Text(e.Bucket), plain.Text(e.Is), plain.Text(e.Bucket))
	}
	return fmt.Sprintf("the list says %s, and the report there is of bucket %s. Nothing was done for either. Put the manifest of %s into the list", plain.Text(e.Bucket), plain.Text(e.Is), plain.Text(e.Bucket))
}

// Check compares the entry, whose job was made, with what the list says now. Roles and
// profiles may change: they decide who asks, and not what for.
func (e *Entry) Check(b *list.Bucket) error {
	is := EntryOf(b)
	for _, f := range []struct{ field, was, is string }{
		{"manifest", e.Manifest, is.Manifest}, {"sse-kms-key-id", e.Key, is.Key}, {"region", e.Region, is.Region}, {"account", e.Account, is.Account},
		{"prefix", strings.Join(e.Prefixes, ", "), strings.Join(is.Prefixes, ", ")}, {"exclude-prefix", strings.Join(e.Exclude, ", "), strings.Join(is.Exclude, ", ")},
	} {
		if f.was != f.is {
			return &ChangedError{b.Name, f.field, f.was, f.is}
		}
	}
	return nil
}

// Find returns the entry of a bucket, nil where there is none.
func (d *Document) Find(bucket string) *Entry {
	if i := slices.IndexFunc(d.Buckets, func(e Entry) bool { return e.Name == bucket }); i >= 0 {
		return &d.Buckets[i]
	}
	return nil
}

// DocumentError is a campaign.json that is not believed.
type DocumentError struct {
	Place string
	Err   error
}

func (e *DocumentError) Error() string {
	return fmt.Sprintf("%s in %s cannot be believed: %v. The jobs beside it are as they were: reseal jobs lists them, and each can be used by itself", File, e.Place, e.Err)
}

func (e *DocumentError) Unwrap() error { return e.Err }

// Read reads the document of the campaign in a place. Where there is none, it and the
// error are nil.
func Read(ctx context.Context, store job.Store) (*Document, checkpoint.Version, error) {
	body, err := store.Open(ctx, File) // Get would read a gigabyte
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(body, maxDocument+1))
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, "", fmt.Errorf("read %s in %s: %w", File, store, err)
	}
	if n > maxDocument {
		return nil, "", &DocumentError{store.String(), fmt.Errorf("it is larger than %d bytes", maxDocument)}
	}
	text, version, err := store.Get(ctx, File)
	if err != nil {
		return nil, "", err
	}
	d, err := Parse(text)
	if newer := (*job.VersionError)(nil); errors.As(err, &newer) {
		newer.Name = store.String() + "/" + File
		return nil, "", newer
	}
	if err != nil {
		return nil, "", &DocumentError{store.String(), err}
	}
	return d, version, nil
}

// Parse reads a document.
func Parse(text []byte) (*Document, error) {
	d := new(Document)
	if len(text) > maxDocument {
		return nil, errors.New("it is too large")
	}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	if d.Version > format {
		return nil, &job.VersionError{Name: File, Version: d.Version, Known: format}
	}
	return d, d.check()
}

// check refuses what no campaign writes.
func (d *Document) check() error {
	if d.Version < 1 || len(d.Buckets) > list.MaxBuckets {
		return fmt.Errorf("version %d with %d buckets", d.Version, len(d.Buckets))
	}
	l := new(list.List)
	for i := range d.Buckets {
		e := &d.Buckets[i]
		if err := e.check(); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
		l.Buckets = append(l.Buckets, list.Bucket{Name: e.Name, Region: e.Region, Account: e.Account, Manifest: e.Manifest, Key: e.Key, Prefixes: e.Prefixes, ExcludePrefixes: e.Exclude})
	}
	if err := l.Check(); err != nil {
		return err
	}
	return Apart(l.Buckets)
}

func (e *Entry) check() error {
	if f := e.Planned; f != nil && (f.Objects < 0 || f.Bytes < 0 || f.KMS.Min < 0 || f.KMS.Expected < 0 || f.KMS.Max < 0 || f.Price.Min < 0 || f.Price.Expected < 0 || f.Price.Max < 0) {
		return errors.New("a figure is negative")
	}
	if n := e.Ended; n != nil && (n.Code < 0 || n.Code > 255 || len(n.Why) > longestWhy || !utf8.ValidString(n.Why)) {
		return errors.New("how its run ended makes no sense")
	}
	return nil
}

// Write writes the document, if it still is the version that was read.
func (d *Document) Write(ctx context.Context, store job.Store, was checkpoint.Version) (checkpoint.Version, error) {
	d.Version = format
	if err := d.check(); err != nil {
		return was, fmt.Errorf("write %s: %w", File, err)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return was, fmt.Errorf("write %s: %w", File, err)
	}
	return store.Put(ctx, File, append(text, '\n'), was)
}
