package migrate

import (
	"strings"

	"reseal/engine"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// counterChange is what one row adds to a counter of its job.
type counterChange struct {
	name string
	n    int64
}

// rowCounters says what a settled row adds to the counters of its job.
type rowCounters struct {
	keys    FoundKeys
	clients clientKeys
}

// appendTo appends the changes for one outcome, beside requests and money.
func (c *rowCounters) appendTo(all []counterChange, r *engine.Result) []counterChange {
	add := func(name string, n int64) { all = append(all, counterChange{name, n}) }
	switch r.Outcome {
	case engine.Done:
		name := job.CounterDone + r.Task.Action.String()
		switch {
		case r.Repeat:
			name = job.CounterDone + "repeat"
			add(job.CounterRepeats, 1)
		case r.Task.Action == plan.Update && r.Task.Unconfirmed:
			add(job.CounterUnconfirmed, 1)
		}
		add(job.CounterBytes, max(r.Task.Record.Size, 0))
		add(name, 1)
	case engine.Skipped:
		if r.Attempts > 0 { // the plan had it as something to do
			add(job.CounterLooked, 1)
		}
		if key := c.keys.counter(r); key != "" {
			add(key, 1)
		}
		add(job.CounterSkipped+string(r.Reason), 1)
	default:
		return all
	}
	for _, name := range c.clients.counters(r) {
		add(name, 1)
	}
	return all
}

// FoundKeys tells the keys apart that objects are found under.
type FoundKeys struct {
	Wanted string // ARN of the key of the job
	AWS    string // ARN of aws/s3, "" where nobody could ask for it
}

// counter names the counter for an object that a look showed to be encrypted
// already, "" where nobody looked.
func (k FoundKeys) counter(r *engine.Result) string {
	head := r.Task.Head
	switch {
	case r.Outcome != engine.Skipped, r.Reason != plan.AlreadyEncrypted, head == nil, head.KMSKeyID == "":
		return ""
	case plan.SameKey(head.KMSKeyID, k.Wanted):
		return job.CounterWantedKey
	case k.AWS == "":
		return job.CounterUnsorted
	case plan.SameKey(head.KMSKeyID, k.AWS):
		return job.CounterAWSKey
	}
	return job.CounterOtherKey
}

// clientKeys picks some of the objects that clients encrypt themselves, to be named.
type clientKeys struct {
	known func() map[string]int64 // counters of the job

	picked map[string]bool // by this run and, once it has read the counters, by earlier ones
}

// counters names the counters for an object that is settled, none where nobody looked
// at it, or where no client encrypts it.
func (k *clientKeys) counters(r *engine.Result) []string {
	if r.Task.Head == nil || !r.Task.Head.ClientEncrypted() {
		return nil
	}
	if k.picked == nil {
		k.picked = map[string]bool{}
		for _, key := range job.ClientEncrypted(k.known()).Keys {
			k.picked[key] = true
		}
	}
	key := r.Task.Record.Key
	if len(k.picked) >= report.MostClientKeys || k.picked[key] || len(key) > job.LongestNamedKey {
		return []string{job.CounterClientSide}
	}
	k.picked[strings.Clone(key)] = true
	return []string{job.CounterClientSide, job.CounterClientSide + "." + key}
}
