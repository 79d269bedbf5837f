package simulator

import (
	"math/rand/v2"
	"strings"
	"time"
)

// Fault is a rule that makes matching requests go wrong. Its zero fields match everything and always.
type Fault struct {
	Name        string
	Op          Op     // "": any
	Bucket      string // "": any
	Key         string // pattern in which * stands for any run of bytes; "": any
	Code        string // with Message and HTTPStatus the error to answer
	Message     string
	HTTPStatus  int
	Directive   Directive
	AfterCommit bool      // let the request take effect and spoil only the answer
	Probability float64   // 0: always
	Nth         int64     // fire from the nth matching request on, counted from 1; 0: from the first
	Count       int64     // fire at most that often; 0: no limit
	From, Until time.Time // fire only in [From, Until); zero: no bound
	Seed        uint64    // of the rule's own random numbers
}

// faultRules are the rules in the order they were added; the first that fires wins.
type faultRules struct {
	rules []*faultRule
	last  int
}

type faultRule struct {
	Fault
	id         int
	seen, hits int64
	rng        *rand.Rand
}

// AddFault adds a rule behind those that are there and returns its id.
func (w *World) AddFault(f Fault) (id int) {
	w.faults.last++
	w.faults.rules = append(w.faults.rules, &faultRule{Fault: f, id: w.faults.last, rng: rand.New(rand.NewPCG(f.Seed, 1))})
	return w.faults.last
}

// RemoveFault takes a rule away; its hits are forgotten.
func (w *World) RemoveFault(id int) {
	for i, r := range w.faults.rules {
		if r.id == id {
			w.faults.rules = append(w.faults.rules[:i:i], w.faults.rules[i+1:]...)
			return
		}
	}
}

// FaultHits returns how often a rule fired.
func (w *World) FaultHits(id int) int64 {
	for _, r := range w.faults.rules {
		if r.id == id {
			return r.hits
		}
	}
	return 0
}

// strike returns the error of the first rule that fires on the call, before its work or after its commit.
func (f *faultRules) strike(c *call, committed bool) *Error {
	for _, r := range f.rules {
		if r.AfterCommit == committed && r.fires(c) {
			return &Error{Code: r.Code, Message: r.Message, HTTPStatus: r.HTTPStatus, Directive: r.Directive, Fault: r.name()}
		}
	}
	return nil
}

func (r *faultRule) name() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Code
}

func (r *faultRule) fires(c *call) bool {
	switch {
	case r.Op != "" && r.Op != c.op,
		r.Bucket != "" && r.Bucket != c.req.Bucket,
		r.Key != "" && !glob(r.Key, c.key),
		!r.From.IsZero() && c.now.Before(r.From),
		!r.Until.IsZero() && !c.now.Before(r.Until):
		return false
	}
	r.seen++
	if r.seen < r.Nth || r.Count > 0 && r.hits >= r.Count {
		return false
	}
	if r.Probability > 0 && r.rng.Float64() >= r.Probability {
		return false
	}
	r.hits++
	return true
}

// glob matches s against a pattern in which * stands for any run of bytes.
func glob(pattern, s string) bool {
	head, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	s = s[len(head):]
	for {
		part, tail, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], tail
	}
}
