package selfcheck

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/s3api"
)

// account is what CloudWatch would show of an account: our requests by the
// minute, what others do beside them, and a delay.
type usageOf struct {
	others  func(minute time.Time) float64
	ours    map[time.Time]float64
	delay   time.Duration
	failing bool
}

func (u *usageOf) read(_ context.Context, from, to time.Time) (out []s3api.KMSCalls, err error) {
	if u.failing {
		return nil, errors.New("AccessDenied")
	}
	for at := from; at.Add(time.Minute + u.delay).Before(to); at = at.Add(time.Minute) {
		if n := u.ours[at] + u.others(at); n > 0 {
			out = append(out, s3api.KMSCalls{Minute: at, Calls: n})
		}
	}
	return out, nil
}

// The bursts are told from what others do where that is steady; where it is not,
// no figure is given.
func TestMeasureKMS(t *testing.T) {
	steady := func(time.Time) float64 { return 300 }
	wild := func(at time.Time) float64 { return float64(at.Minute()%5) * 500 }
	for _, tt := range []struct {
		name   string
		others func(time.Time) float64
		delay  time.Duration
		fail   bool
		known  bool
	}{
		{"alone", func(time.Time) float64 { return 0 }, 0, false, true},
		{"beside steady use", steady, 3 * time.Minute, false, true},
		{"beside uneven use", wild, 0, false, false},
		{"without permission", steady, 0, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := &usageOf{others: tt.others, ours: map[time.Time]float64{}, delay: tt.delay, failing: tt.fail}
				costs := map[string]float64{"copy": 1, "copy_bucket_key": 0.01, "update": 2, "update_bucket_key": 0.02}
				r := &run{now: time.Now}
				r.Usage = account.read
				r.usage = r.measureWith(t.Context(), func(_ context.Context, way string) bool {
					account.ours[time.Now().Truncate(time.Minute)] += costs[way]
					return true
				})
				for way, want := range costs {
					f := r.kms(t.Context(), way)
					got, ok := f.Figures["kms_per_"+way]
					if ok != tt.known || ok && (got < want-0.01 || got > want+0.01) {
						t.Errorf("%s: %+v; want %v, known %t", way, f, want, tt.known)
					}
				}
			})
		})
	}
}
