package migrate

import (
	"context"
	"log/slog"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/s3api"
)

// Config is what a run works with. All that decides about objects is in the policy.
type Config struct {
	Client *s3api.Client
	Report *inventory.Report
	Policy *plan.Policy
	Prices cost.Prices

	Accepted     []plan.Attribute // that a re-encryption may lose
	Canary       bool             // try some objects of each kind first
	UpdateProven bool             // a probe showed that the endpoint understands UpdateObjectEncryption
	LocksShown   bool             // objects' locks are shown to the caller
	Probe        *s3api.Sent      // what the probe sent: it is part of the run

	Store checkpoint.Store // held by the caller
	State checkpoint.Options
	Plan  *job.Plan
	Share job.Share
	Rows  Selection
	Lines bool // write a result line for every object, not only for failures and surprises

	Pace     Pace
	Limits   Limits
	Services Services
	Ordered  func(control.Order) // told of each request that steers the run; nil: nobody is
	Version  string              // of reseal

	Log      *slog.Logger
	Observer Observer
}

// Pace is how fast a run goes at most. Rates are requests a second.
type Pace struct {
	KMSCap      float64
	KMSQuota    float64           // of the account, 0 where nobody knows
	Shared      *ratelimit.Shared // of the runs of a campaign that go on at once, beside KMSCap; nil for none
	S3Writes    float64           // that the bucket is expected to take; 0 for what S3 documents
	Concurrency int               // objects in flight at most
	Connections int               // that this process may open at most
	KeyWeight   float64           // share of the KMS requests that bucket keys may spare and that count all the same, 0 to 1

	Window     control.Window
	WindowExit bool   // outside the window end instead of pausing
	FlagFile   string // pause while this file exists, "" for none
}

// Limits end a run. Zero values are no limit, but for Attempts, Outage and Drain,
// which every run has.
type Limits struct {
	Objects  int64                      // begun
	Duration time.Duration              // of the run
	Since    time.Time                  // from when on it counts; zero: from its beginning
	Cost     cost.Money                 // of the job, or of this share of it
	CostText string                     // as it was stated
	Budget   func(*engine.Stats) string // why so many failures end the run, "" where they do not
	Attempts int                        // of a request
	Outage   time.Duration              // without any answer
	Drain    time.Duration              // how long what is under way may take once the run is to end
}

// TimeIsUp is the end of a run by its limit of time.
func TimeIsUp(limit time.Duration) error {
	return &engine.StopError{Limit: "--max-duration " + limit.String()}
}

// Services are how a run can be reached while it works.
type Services struct {
	Socket   control.Socket
	Required bool              // a socket that another process answers is an error
	Metrics  string            // address, "" for none
	JobName  string            // of the job, in the metrics
	Headroom *control.Headroom // to leave of the account's KMS quota, nil for none
}

// Live is a run under way, for those who show it.
type Live struct {
	Plan       *job.Plan         // as far as this process works on it
	Earlier    checkpoint.Totals // of the job, as the run found it
	Stats      *engine.Stats
	Controller *control.Controller
	Spent      *ledger.Ledger
}

// Observer is told how a run goes. Notify and the methods of the canary may be called
// while the functions of Beside run.
type Observer interface {
	// Beside returns what is to run beside the work, until its context ends.
	Beside(*Live) []func(context.Context)

	// Opened is called with what opening the state of the job showed a person.
	Opened(notices []string)
	// Serving is called with the address of the metrics.
	Serving(metrics string)
	// Notify tells of pauses and warnings.
	Notify(control.Notice)
	// ReportOutage is called when a file of the report cannot be had for now.
	ReportOutage(file string, err error)

	// CanaryBegins is called before so many objects are tried first, picked for so many traits.
	CanaryBegins(objects, traits int64)
	// CanaryTried is called when they were tried.
	CanaryTried(FirstTried)
	// CanaryTable is called with the table where it is final.
	CanaryTable(*canary.Table)

	// Ending says how a run ended that left its job like this.
	Ending(err error, t checkpoint.Totals) *control.Ending
}

// Outcome is what a run leaves.
type Outcome struct {
	State    *checkpoint.Snapshot
	Totals   checkpoint.Totals
	History  job.History
	Stats    *engine.Stats
	Status   control.Status // as it ended
	Took     time.Duration
	Rewriter *s3api.Rewriter // knows which uploads may be left behind
}
