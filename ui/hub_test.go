package ui

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
)

// slowSource takes its time to be read.
type slowSource struct {
	played
	takes time.Duration
}

func (s *slowSource) Snapshot(ctx context.Context) (*Document, error) {
	time.Sleep(s.takes)
	return s.played.Snapshot(ctx)
}

// A job is read only while somebody looks, at once when somebody comes, and seldom where
// that takes long. Samples are taken all the time.
func TestHowOftenAJobIsRead(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		every time.Duration
		reads int // in a minute
	}{
		{"a folder", 0, time.Second, 60},
		{"a large folder", 500 * time.Millisecond, time.Second, 6},
		{"a bucket", 0, 15 * time.Second, 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := night()
			s := &slowSource{takes: tt.takes}
			s.doc, s.rest, s.run = n.doc, n.rest, n.run
			h := newHub(s, Pace{Every: tt.every})
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { h.run(ctx) })
			time.Sleep(time.Hour + time.Second/3)
			synctest.Wait()
			if s.reads != 0 {
				t.Errorf("%s: read %d times, and nobody looked", tt.name, s.reads)
			}
			if n := len(h.record.slots); n != maxSlots {
				t.Errorf("%s: %d slots after an hour, want %d", tt.name, n, maxSlots)
			}
			h.join()
			time.Sleep(tt.takes)
			synctest.Wait()
			if _, number, _, _ := h.latest(); number != 1 {
				t.Errorf("%s: %d messages when somebody came", tt.name, number)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := s.reads - 1; got < tt.reads-1 || got > tt.reads+1 {
				t.Errorf("%s: read %d times in a minute, want about %d", tt.name, got, tt.reads)
			}
			h.leave()
			time.Sleep(time.Second) // a read that is under way
			synctest.Wait()
			before := s.reads
			time.Sleep(time.Minute)
			synctest.Wait()
			if s.reads != before {
				t.Errorf("%s: read on when nobody looked any more", tt.name)
			}
			cancel()
			running.Wait()
		})
	}
}

// The live curves are in objects a second, whatever the clock of the samples did, and
// have a gap where no run gave an answer.
func TestSamples(t *testing.T) {
	var r recorder
	for i := range int64(120) {
		if i >= 40 && i < 60 {
			r.add(began.Add(time.Duration(i)*time.Second), nil)
			continue
		}
		st := runStatus(i)
		late := time.Duration(i%3) * 400 * time.Millisecond
		st.Done, st.KMS.Released = int64(412*(float64(i)+late.Seconds())), int64(498*(float64(i)+late.Seconds()))
		if i >= 60 {
			st.PID, st.Binding.Limit, st.KMS.Throttled = 5, control.LimitKMSThrottle, i/60*7
		}
		r.add(began.Add(time.Duration(i)*time.Second+late), st)
	}
	s := r.live()
	gap, n := 0, 0
	for i, v := range s.Objects {
		if v == nil {
			gap++
			continue
		}
		if n++; *v < 411 || *v > 413 || *s.KMS[i] < 497 || *s.KMS[i] > 499 || *s.Cap[i] != 500 {
			t.Errorf("slot %d: %v objects/s, %v KMS/s of %v", i, *v, *s.KMS[i], *s.Cap[i])
		}
	}
	if gap < 9 || gap > 11 || n < 45 || s.From != began.Unix() || s.Width != 2 {
		t.Errorf("%d slots, %d of the gap, from %d", n, gap, s.From)
	}
	if len(s.Bands) != 2 || s.Bands[0].Group != "kms" || s.Bands[1].Name != "KMS throttling" || s.Bands[1].From != float64(began.Unix()+60) {
		t.Errorf("bands %+v", s.Bands)
	}
	if !strings.Contains(s.OnWhole, "peak 41") || len(s.Bound) != 2 || s.Bound[0] != "KMS throttling 58s" {
		t.Errorf("in words %q, %q", s.OnWhole, s.Bound)
	}
	r.add(began.Add(-time.Hour), runStatus(1)) // the clock was set back
	r.add(began.Add(48*time.Hour), runStatus(2))
	if len(r.slots) != 1 {
		t.Errorf("%d slots after the clock was set", len(r.slots))
	}
}
