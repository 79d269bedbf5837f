package status

import (
	"errors"
	"testing"
	"time"

	"reseal/job/generations"
)

// What the chain says of a generation that ended is held against its own records.
func TestAgrees(t *testing.T) {
	rows := int64(4)
	s := &Status{Done: 0, Failed: 1, Settled: 4, Rows: &rows}
	ended := generations.Generation{Number: 2, Rows: 4, Failed: 1, Ended: time.Now(), Verdict: generations.Left}
	if err := s.Agrees(&ended); err != nil {
		t.Errorf("its own numbers: %v", err)
	}
	for name, spoil := range map[string]func(*generations.Generation){
		"no failure":      func(g *generations.Generation) { g.Failed = 0 },
		"another verdict": func(g *generations.Generation) { g.Verdict = generations.Clean },
		"clean":           func(g *generations.Generation) { g.Failed, g.Verdict = 0, generations.Clean },
		"more done":       func(g *generations.Generation) { g.Done, g.Verdict = 1, generations.Worked },
	} {
		g := ended
		if spoil(&g); !errors.As(s.Agrees(&g), new(*generations.LinkError)) {
			t.Errorf("%s: taken", name)
		}
	}
	g := ended
	g.Verdict, g.Ended, g.Failed = generations.Open, time.Time{}, 0
	if err := s.Agrees(&g); err != nil {
		t.Errorf("one that goes on: %v", err)
	}
	s.Settled = 3
	if err := s.Agrees(&ended); err == nil {
		t.Error("a row that is not settled: taken")
	}
}
