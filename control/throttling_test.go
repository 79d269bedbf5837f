package control

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestThrottlingBeginsAndEnds: one line when it begins, one when half a minute was calm.
func TestThrottlingBeginsAndEnds(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	w, now := throttling{quota: "kms"}, time.Unix(1e9, 0)
	counts := func(second int) int64 {
		switch {
		case second < 10:
			return 0
		case second < 20:
			return 2
		}
		return 7
	}
	for second := range 200 {
		w.see(log, counts(second), now.Add(time.Duration(second)*time.Second))
		got := strings.Count(text.String(), "\n")
		want := 0
		if second >= 10 {
			want++
		}
		if second >= 50 {
			want++
		}
		if got != want {
			t.Fatalf("second %d: %d lines, want %d:\n%s", second, got, want, &text)
		}
	}
	for _, want := range []string{`level=WARN msg="throttling began" quota=kms`, `level=INFO msg="throttling ended" quota=kms took_s=10 answers=7`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in\n%s", want, &text)
		}
	}
}
