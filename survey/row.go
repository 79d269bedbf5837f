package survey

import (
	"time"

	"reseal/cost"
	"reseal/inventory"
)

// Survey is the buckets of accounts at one time. Its JSON is what reseal survey prints.
type Survey struct {
	Taken    time.Time `json:"taken_at"`
	Version  string    `json:"version,omitempty"` // of the program
	Rate     float64   `json:"objects_per_second"`
	Accounts []Account `json:"accounts"`
	Rows     []Row     `json:"buckets"`
	Totals   Totals    `json:"totals"`
}

// Account is one account, and how it was asked.
type Account struct {
	ID    string `json:"account"` // "" where nobody told
	Alias string `json:"alias,omitempty"`
	Role  string `json:"role,omitempty"`

	ExternalID string  `json:"-"`
	Profile    string  `json:"-"`
	Error      *Unread `json:"error,omitempty"` // why nothing of it is in the survey
	Buckets    int     `json:"buckets"`

	Elsewhere map[string]int `json:"-"` // buckets that were left out as no Region of theirs was wished for, by Region
}

// Unread is a question that was not answered.
type Unread struct {
	Question  string `json:"question"`         // in words: default encryption
	Operation string `json:"operation"`        // GetBucketEncryption
	Action    string `json:"action,omitempty"` // that lets it be asked: s3:GetEncryptionConfiguration
	Denied    bool   `json:"denied"`           // by a policy; else it failed for another reason
	Code      string `json:"code,omitempty"`   // of the answer, or the kind of failure: SlowDown
	About     string `json:"about,omitempty"`  // which of several in the bucket: the id of an inventory
	Why       string `json:"why"`
	Err       error  `json:"-"`
}

// Words are the question, and which of several in the bucket it is about.
func (u *Unread) Words() string {
	if u.About == "" {
		return u.Question
	}
	return u.Question + " " + u.About
}

// State is how far a bucket is from a plan.
type State string

// The states.
const (
	Ready    State = "ready"        // a report is there that a plan can go by
	Late     State = "old-report"   // a report is there, and it is old
	NoReport State = "no-report"    // an inventory is set up, and has made none yet
	Setup    State = "no-inventory" // none is set up of the whole bucket
	Unsure   State = "unknown"      // nobody could tell
	Failed   State = "not-asked"    // nothing could be asked
)

// States are all states, the nearest to a plan first.
func States() []State { return []State{Ready, Late, NoReport, Setup, Unsure, Failed} }

// Row is what is known of one bucket, and what it needs.
type Row struct {
	Account string `json:"account"`
	Alias   string `json:"alias,omitempty"`
	Bucket  string `json:"bucket"`
	Region  string `json:"region"`
	State   State  `json:"state"`

	Encryption  *Encryption  `json:"default_encryption"` // null where not known
	Versioning  string       `json:"versioning"`
	ObjectLock  string       `json:"object_lock"`
	Retention   string       `json:"default_retention"`
	ACLs        string       `json:"acls"` // in force
	Requester   string       `json:"requester_pays"`
	Public      string       `json:"public_policy"`
	Policy      *PolicySays  `json:"policy"`      // null where not known
	Replication *Replication `json:"replication"` // null where not known
	Inventories []Inventory  `json:"inventories"` // null where not known
	Metadata    *Metadata    `json:"metadata_tables"`
	Manifest    string       `json:"manifest,omitempty"` // as plan takes it, of the inventory that serves best

	Objects *int64    `json:"objects"` // null where not known
	Bytes   *int64    `json:"bytes"`
	Classes []Class   `json:"classes,omitempty"`
	Figures time.Time `json:"figures_of,omitzero"` // day of them

	Estimate *Estimate `json:"estimate"` // null where the size is not known
	Notes    []string  `json:"notes,omitempty"`
	Needs    []Need    `json:"needs,omitempty"`
	Unread   []Unread  `json:"unread,omitempty"`

	account *Account
}

// Encryption is the default encryption of a bucket.
type Encryption struct {
	Algorithm string   `json:"algorithm"` // AES256, aws:kms, aws:kms:dsse; "" where the endpoint has none
	Key       string   `json:"kms_key_id,omitempty"`
	BucketKey bool     `json:"bucket_key_enabled"`
	Blocked   []string `json:"blocked,omitempty"`
}

// Replication is live replication from a bucket.
type Replication struct {
	Rules   int `json:"rules"`
	WithKMS int `json:"rules_for_sse_kms"` // of them, opted in to objects under SSE-KMS
}

// Inventory is an inventory configuration.
type Inventory struct {
	ID          string    `json:"id"`
	Enabled     bool      `json:"enabled"`
	Frequency   string    `json:"frequency"`
	Format      string    `json:"format"`
	AllVersions bool      `json:"all_versions"`
	Prefix      string    `json:"prefix,omitempty"` // only keys with it
	Location    string    `json:"location"`         // s3://bucket/prefix/ of its reports
	Missing     []string  `json:"missing_columns"`  // without which every object is looked at
	Newest      time.Time `json:"newest_report,omitzero"`
	Looked      bool      `json:"-"` // Newest was looked for and could be
}

// Metadata is a bucket's S3 Metadata configuration.
type Metadata struct {
	Configured bool   `json:"configured"`
	Inventory  string `json:"inventory_table,omitempty"` // status
	Journal    string `json:"journal_table,omitempty"`
}

// Class is what a bucket has in one storage class.
type Class struct {
	Class inventory.StorageClass `json:"class"`
	Tier  string                 `json:"tier,omitempty"` // an archive tier of INTELLIGENT_TIERING
	Bytes int64                  `json:"bytes"`
}

// Need is what is missing for a plan, or to be thought of before one.
type Need struct {
	What    string `json:"what"`
	Command string `json:"command,omitempty"` // to be pasted
}

// Totals are over all rows.
type Totals struct {
	Buckets  int           `json:"buckets"`
	ByState  map[State]int `json:"by_state"`
	Partial  int           `json:"buckets_with_unread"`
	Objects  int64         `json:"objects"` // of the buckets whose figures are known
	Bytes    int64         `json:"bytes"`
	Unsized  int           `json:"buckets_without_figures"`
	Update   cost.Span     `json:"update_usd"` // where estimated and priced
	Copy     cost.Span     `json:"copy_usd"`
	Unpriced int           `json:"buckets_without_price"`
}

// Partial tells whether something could not be read.
func (s *Survey) Partial() bool {
	for i := range s.Accounts {
		if s.Accounts[i].Error != nil {
			return true
		}
	}
	return s.Totals.Partial > 0
}
