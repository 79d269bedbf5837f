package control

import (
	"time"

	"reseal/engine"
)

// Status is how a run is doing. It is plain data: ctl answers with it, status and
// metrics show it, and the history of a job keeps the last one.
type Status struct {
	PID         int        `json:"pid"`
	Started     time.Time  `json:"started"`
	Binding     Binding    `json:"bound_by"`
	Rate        float64    `json:"objects_per_second"`
	Done        int64      `json:"done"` // by this run, as all that follows
	Failed      int64      `json:"failed"`
	Skipped     int64      `json:"skipped"`
	Deferred    int64      `json:"deferred"`
	Bytes       int64      `json:"bytes"`
	InFlight    int64      `json:"in_flight"`
	Concurrency int64      `json:"concurrency"` // objects in flight at most
	Slots       int        `json:"slots"`       // of them needed now
	Requests    int64      `json:"requests"`
	Retries     int64      `json:"retries"`
	KMS         QuotaUsage `json:"kms"`
	Writes      QuotaUsage `json:"s3_writes"`
	Reads       QuotaUsage `json:"s3_reads"`
	Paused      []string   `json:"paused,omitempty"` // reasons
	Draining    bool       `json:"draining,omitempty"`

	LastFailure *engine.Failure `json:"last_failure,omitempty"` // of this run
	Ended       *Ending         `json:"ended,omitempty"`        // nil until the run has ended
}

// Waiting reports whether the run sends nothing for now.
func (s *Status) Waiting() bool {
	return !s.Draining && (len(s.Paused) > 0 || s.Binding.Limit == LimitEndpoint || s.Binding.Limit == LimitCredentials)
}

// QuotaUsage is what a run uses of one quota, in requests as the gate counts them.
type QuotaUsage struct {
	Cap           float64 `json:"cap"`  // requests a second, 0 = none
	Rate          float64 `json:"rate"` // allowed now, 0 = unpaced
	LastSecond    int64   `json:"last_second"`
	FullestSecond int64   `json:"fullest_second"`
	Released      int64   `json:"released"`
	Throttled     int64   `json:"throttled"`
	Scopes        int     `json:"scopes"`
}

// Ending is how a run ended. A run that was killed has none.
type Ending struct {
	ExitCode int    `json:"exit_code"`
	Why      string `json:"why,omitempty"` // empty where the run did all of its work
}
