package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// PlanFile is the name of the document that makes a folder or prefix a job.
const PlanFile = "plan.json"

// Plan is plan.json: what the job is bound to, and what was counted when it was
// made. With it a resume need not read the whole report again.
type Plan struct {
	Format int `json:"version,omitempty"` // of this document, 0 before there was one
	plan.Frozen
	Hash     string                 `json:"hash"` // of Frozen; the rest is attached
	Created  time.Time              `json:"created"`
	Program  string                 `json:"program"`
	Segments []inventory.Segment    `json:"segments"`
	Sizes    []int64                `json:"file_sizes,omitempty"`   // of the report's files, in bytes: they decide which share has which segment
	Result   []inventory.ResultFile `json:"result_files,omitempty"` // of a query's result, unless they are too many
	Table    *inventory.Table       `json:"table,omitempty"`        // of which the rows are; Manifest is its metadata, which names the same snapshot for ever
	Rows     int64                  `json:"rows"`                   // of the whole report, or unknown
	Todo     int64                  `json:"todo"`                   // objects to re-encrypt, or unknown
	Unread   int                    `json:"unread_files,omitempty"` // that could not be read when these were counted
	Region   string                 `json:"region"`
	Endpoint string                 `json:"endpoint,omitempty"`     // as it was given
	S3       string                 `json:"s3_endpoint,omitempty"`  // where requests went when it was made
	KMS      string                 `json:"kms_endpoint,omitempty"` // "" = AWS's own
	Estimate *cost.Estimate         `json:"estimate,omitempty"`
	Tally    *cost.Tally            `json:"tally,omitempty"`
	Canary   []Row                  `json:"canary,omitempty"`   // objects to be tried first
	Evidence *Evidence              `json:"evidence,omitempty"` // objects that are read as a whole before they are re-encrypted
	Told     Told                   `json:"told,omitempty"`     // when it was made; Frozen has what it is bound to
	Open     []OpenHazard           `json:"open_hazards,omitempty"`

	Generation *Generation `json:"generation,omitempty"` // that it is of another job; nil where it is a job by itself

	read [sha256.Size]byte // digest of the document that it was read from, zero where it was not
}

// Digest returns the SHA-256 of the document in hex. It is written once, so that another
// one is another plan, whatever in it differs.
func (j *Plan) Digest() (string, error) {
	sum := j.read
	if sum == ([sha256.Size]byte{}) {
		data, err := encodePlan(j)
		if err != nil {
			return "", err
		}
		sum = sha256.Sum256(data)
	}
	return hex.EncodeToString(sum[:]), nil
}

// SizesOf returns the sizes of a report's files as a plan has them.
func SizesOf(files []inventory.File) []int64 {
	sizes := make([]int64, len(files))
	for i := range files {
		sizes[i] = files[i].Size
	}
	return sizes
}

// CountOrUnknown returns n, a number that was counted when the job was made. It
// returns Unknown where a file of the report could not be read then.
func (j *Plan) CountOrUnknown(n int64) int64 {
	if j.Unread > 0 {
		return Unknown
	}
	return n
}

// StateHash returns the hash that the job's state files carry.
func (j *Plan) StateHash() checkpoint.PlanHash { return checkpoint.HashPlan([]byte(j.Hash)) }

// ReadPlan reads plan.json, and checks that nobody edited what it is bound to.
// Where there is none, the error wraps fs.ErrNotExist.
func ReadPlan(ctx context.Context, store checkpoint.Reader) (*Plan, error) {
	data, _, err := store.Get(ctx, PlanFile)
	if err != nil {
		return nil, err
	}
	return decodePlan(data)
}

// short returns the first digits of a hash, for people.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// MadeError says that another process made the job while this one was about to.
type MadeError struct{ Job string }

func (e *MadeError) Error() string {
	return fmt.Sprintf("another process made %s meanwhile; this one began nothing", e.Job)
}

// WritePlan writes plan.json where there is none yet; name is that of the job. One
// that is there is a *MadeError.
func WritePlan(ctx context.Context, store checkpoint.Store, name string, j *Plan) error {
	data, err := encodePlan(j)
	if err != nil {
		return err
	}
	if err := notCampaign(ctx, store, name); err != nil {
		return err
	}
	_, err = store.Put(ctx, PlanFile, data, "")
	return orMade(name, err)
}

// orMade turns the error of a document that was there already into a *MadeError.
func orMade(name string, err error) error {
	var there *checkpoint.ConflictError
	if errors.As(err, &there) && there.Expect == "" && there.Have != "" || errors.Is(err, fs.ErrExist) {
		return &MadeError{name}
	}
	return err
}

// encodePlan returns the content of plan.json.
func encodePlan(j *Plan) ([]byte, error) {
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", PlanFile, err)
	}
	return append(data, '\n'), nil
}

// Unknown stands for a number of rows or objects that nobody has counted.
const Unknown = -1

// optionWords spells an option for people. A list is taken from o and joined by
// commas, as a prefix may have spaces in it.
func optionWords(name, value string, o *plan.Options) string {
	switch name {
	case "--prefix":
		value = strings.Join(o.Prefixes, ", ")
	case "--exclude-prefix":
		value = strings.Join(o.Exclude, ", ")
	case "--include":
		value = strings.Join(o.IncludeGlobs, ", ")
	case "--exclude":
		value = strings.Join(o.ExcludeGlobs, ", ")
	case "--tag":
		value = strings.Join(o.Tags, ", ")
	case "--from-key":
		value = strings.Join(o.FromKeys, ", ")
	case "--storage-class":
		value = strings.Join(o.StorageClasses, ", ")
	}
	if value == "" {
		return "not given"
	}
	return value
}

// CheckSame returns a *checkpoint.MismatchError where the job in dir was made with
// other decisions than now.
func (j *Plan) CheckSame(dir string, now plan.Frozen, read *inventory.Manifest) error {
	if j.Hash == now.Hash() {
		return nil
	}
	var diff []checkpoint.Difference
	for _, d := range j.Frozen.Differences(now) {
		name, values, _ := strings.Cut(d, ": ")
		have, want, _ := strings.Cut(values, " -> ")
		diff = append(diff, checkpoint.Difference{Name: name, Have: optionWords(name, have, &j.Options), Want: optionWords(name, want, &now.Options)})
	}
	return j.mismatch(dir, diff, read)
}

// CheckReport returns a *checkpoint.MismatchError where the job in dir was made of another
// report than the one that is read.
func (j *Plan) CheckReport(dir string, read *inventory.Manifest) error {
	if j.ManifestMD5 == read.MD5 {
		return nil
	}
	return j.mismatch(dir, []checkpoint.Difference{{Name: "manifest MD5", Have: j.ManifestMD5, Want: read.MD5}}, read)
}

// mismatch says in what the job differs, the files of its report among that.
func (j *Plan) mismatch(dir string, diff []checkpoint.Difference, read *inventory.Manifest) error {
	return &checkpoint.MismatchError{Job: dir, Differences: append(diff, changedFiles(j.Result, read.ResultFiles())...)}
}

// Begun tells whether a run of a job has recorded anything yet.
func Begun(at *checkpoint.Snapshot) bool {
	return !at.Totals().Written.IsZero() || len(at.Segments()) > 0
}

// Owns tells whether the state is that of this job. One that nobody has begun is.
func (j *Plan) Owns(at *checkpoint.Snapshot) bool { return at.Plan() == j.StateHash() || !Begun(at) }
