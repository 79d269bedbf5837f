package ratelimit

import "time"

const (
	sampleTime  = 300 * time.Millisecond // from the first throttle to the first decision
	sampleKept  = 10 * time.Second       // a sample ends this long after its last throttle
	maxOutcomes = 4096                   // in a sample: a second of what S3 grants a prefix, so that all of its keys are in each half
)

// outcome is how a request ended.
type outcome struct {
	key       string
	released  time.Duration
	throttled bool
}

// sample is what became of the requests of one S3 scope since it was throttled. It
// tells whether all keys of the scope are throttled or only those under a prefix.
type sample struct {
	before    control       // restored if only a prefix was throttled
	decideAt  time.Duration // instant to cut or split the scope at; 0 for none
	cause     time.Duration // release of the request whose failure set decideAt
	throttles int64         // throttled requests that the decision is about
	decided   bool          // a decision was made before: the next one needs no sampleTime
	lookAt    time.Duration // instant to look for prefixes again, as most outcomes of a cut's cause come after it; 0 for none
	ends      time.Duration
	seen      []outcome // a ring once it has maxOutcomes
	oldest    int       // in seen
}

// add keeps an outcome, in place of the oldest where the sample is full.
func (s *sample) add(o outcome) {
	if len(s.seen) < maxOutcomes {
		s.seen = append(s.seen, o)
		return
	}
	s.seen[s.oldest] = o
	s.oldest = (s.oldest + 1) % maxOutcomes
}

// throttled notes that a step of n requests, released at the given instant, was
// throttled.
func (s *sample) throttled(now, released time.Duration, n int64, c *control) {
	s.ends = now + sampleKept
	if !c.counts(released) {
		c.addThrottles(now, n)
		return
	}
	s.throttles += n
	if s.decideAt > 0 {
		return
	}
	s.decideAt, s.cause = now, released
	if !s.decided {
		s.decideAt += sampleTime
	}
}

// due returns the instant of the next decision, or of the end.
func (s *sample) due() time.Duration {
	due := s.ends
	for _, at := range [...]time.Duration{s.decideAt, s.lookAt} {
		if at > 0 {
			due = min(due, at)
		}
	}
	return due
}

// since returns the release of the oldest outcome.
func (s *sample) since() time.Duration { return s.seen[s.oldest].released }
