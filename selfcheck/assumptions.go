package selfcheck

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Assumptions are what an estimate rests on that nobody documents.
type Assumptions struct {
	Latency   time.Duration // of a request, 0 where nobody states it
	CopyRate  int64         // bytes a second, 0 likewise
	UpdateKMS int           // KMS requests of an update, 0 likewise
	KeyWeight float64       // what a copy with a bucket key counts, 1 likewise
	BucketKey bool          // whether bucket keys are used
}

// RegionError is that of facts which were measured in another Region: they say nothing of
// this one.
type RegionError struct{ File, Measured, Bucket string }

func (e *RegionError) Error() string {
	return fmt.Sprintf("--facts %s was measured in %s, and the bucket is in %s", e.File, e.Measured, e.Bucket)
}

// StandIn has what was measured stand in for what nobody states, and says so, a line
// each. file is where the facts are from.
func (f *Facts) StandIn(a *Assumptions, file string) (notes []string) {
	note := func(flag, value string) {
		notes = append(notes, fmt.Sprintf("--%s %s: measured %s in %s (%s)", flag, value, f.At.Format(time.DateOnly), f.Region, file))
	}
	if ms, ok := f.Figure("copy_p50_ms"); ok && a.Latency == 0 && ms > 0 {
		a.Latency = time.Duration(ms * float64(time.Millisecond))
		note("latency", a.Latency.Round(100*time.Microsecond).String())
	}
	if rate, ok := f.Figure("copy_bytes_per_s"); ok && a.CopyRate == 0 && rate >= 1 && rate < math.MaxInt64/4 {
		a.CopyRate = int64(rate)
		note("copy-rate", strconv.FormatInt(a.CopyRate, 10))
	}
	update := "kms_per_update"
	if a.BucketKey {
		update = "kms_per_update_bucket_key"
	}
	if n, ok := f.Figure(update); ok && a.UpdateKMS == 0 && n <= 100 {
		a.UpdateKMS = int(max(math.Ceil(n), 1))
		note("update-kms-weight", strconv.Itoa(a.UpdateKMS))
	}
	if n, ok := f.Figure("kms_per_copy_bucket_key"); ok && a.BucketKey && a.KeyWeight == 1 && n < 1 {
		blur, _ := f.Figure("kms_blur")
		a.KeyWeight = min(1, math.Ceil((n+blur)*100)/100)
		note("bucket-key-weight", strconv.FormatFloat(a.KeyWeight, 'f', -1, 64))
	}
	return notes
}
