package selfcheck

import (
	"context"
	"fmt"
	"math"
	"time"

	"reseal/internal/wait"
	"reseal/plan"
	"reseal/s3api"
)

// How KMS requests are counted: bursts of a known number of requests, each in a
// minute of its own between minutes without any, and then what CloudWatch says of
// these minutes. CloudWatch has one sum a minute of the whole account, so that
// what others do is in it: the quiet minutes show how much that is.
const (
	burst     = 120              // requests of each way
	settled   = 10 * time.Minute // to wait at most for the last minute to appear
	pollEvery = 15 * time.Second
	tooNoisy  = 0.25 // KMS requests a request that others' use may blur at most
)

// kmsWay is one way to spend KMS requests.
type kmsWay struct {
	name, title, docs, effect string
	send                      func(ctx context.Context, r *run, name string) s3api.Reply
}

func kmsWays() []kmsWay {
	update := func(bucketKey bool) func(context.Context, *run, string) s3api.Reply {
		return func(ctx context.Context, r *run, name string) s3api.Reply {
			return r.scratch.Update(ctx, name, "", r.KeyARN, bucketKey)
		}
	}
	copies := func(bucketKey bool) func(context.Context, *run, string) s3api.Reply {
		return func(ctx context.Context, r *run, name string) s3api.Reply {
			return r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: bucketKey}).Reply
		}
	}
	return []kmsWay{
		{"copy", "a copy without a bucket key", "One GenerateDataKey, and one Decrypt where the source is under SSE-KMS.", "the pace of a run", copies(false)},
		{"copy_bucket_key", "a copy with a bucket key", "Up to 99 % fewer; how long S3 keeps a bucket key is not stated.", "--bucket-key-weight", copies(true)},
		{"update", "an update without a bucket key", "Not stated; its permissions name Encrypt, Decrypt, GenerateDataKey and ReEncrypt.", "--update-kms-weight", update(false)},
		{"update_bucket_key", "an update with a bucket key", "Not stated.", "--update-kms-weight", update(true)},
	}
}

// usage is what the account's CloudWatch shows of the bursts.
type usage struct {
	perRequest map[string]float64
	blur       float64 // by others, in KMS requests a request
	failed     string
}

// kms is the finding of one way.
func (r *run) kms(ctx context.Context, way string) Finding {
	if r.Usage == nil {
		return skipped("counted only with --measure-kms, which takes about fifteen minutes")
	}
	if r.usage == nil {
		r.usage = r.measure(ctx)
	}
	u := r.usage
	n, ok := u.perRequest[way]
	switch {
	case u.failed != "":
		return skipped(u.failed)
	case !ok:
		return skipped("the requests were not answered as they should be")
	case u.blur > tooNoisy:
		return skipped(fmt.Sprintf("others in the account use KMS too unevenly: %.2f requests of blur for each of ours", u.blur))
	}
	f := answer(fmt.Sprintf("%.2f a request, give or take %.2f, over %d requests", n, u.blur, burst))
	f.Figures = map[string]float64{"kms_per_" + way: n, "kms_blur": u.blur}
	return f
}

// measure sends the bursts at one object and waits for CloudWatch to know of them.
func (r *run) measure(ctx context.Context) *usage {
	name, w := r.put(ctx, "kms")
	if w.Err != nil {
		return &usage{failed: "PutObject answered " + why(&w.Reply)}
	}
	ways := map[string]kmsWay{}
	for _, way := range kmsWays() {
		ways[way.name] = way
	}
	return r.measureWith(ctx, func(ctx context.Context, way string) bool {
		reply := ways[way].send(ctx, r, name)
		return reply.Err == nil
	})
}

// measureWith is measure with requests that send sends; it tells whether they were
// answered as they should be.
func (r *run) measureWith(ctx context.Context, send func(ctx context.Context, way string) bool) *usage {
	minutes := map[string]time.Time{}
	began := r.now().Truncate(time.Minute)
	for _, way := range kmsWays() {
		if err := r.nextMinute(ctx, 2); err != nil { // one minute between two bursts is quiet
			return &usage{failed: err.Error()}
		}
		at := r.now().Truncate(time.Minute)
		good := true
		for i := 0; i < burst && good; i++ {
			good = send(ctx, way.name)
		}
		if good && r.now().Truncate(time.Minute).Equal(at) {
			minutes[way.name] = at
		}
	}
	if err := r.nextMinute(ctx, 2); err != nil {
		return &usage{failed: err.Error()}
	}
	counts, err := r.waitForUsage(ctx, began, minutes)
	if err != nil {
		return &usage{failed: "CloudWatch: " + err.Error()}
	}
	u := &usage{perRequest: map[string]float64{}}
	u.weigh(counts, minutes)
	return u
}

// nextMinute waits for the nth full minute from now, and a second more.
func (r *run) nextMinute(ctx context.Context, n int) error {
	at := r.now().Truncate(time.Minute).Add(time.Duration(n)*time.Minute + time.Second)
	return wait.For(ctx, at.Sub(r.now()))
}

// waitForUsage asks until all minutes with bursts are there.
func (r *run) waitForUsage(ctx context.Context, from time.Time, minutes map[string]time.Time) (map[time.Time]float64, error) {
	last := r.now().Add(settled)
	for {
		calls, err := r.Usage(ctx, from, r.now())
		if err != nil {
			return nil, err
		}
		counts := map[time.Time]float64{}
		for _, c := range calls {
			counts[c.Minute.Truncate(time.Minute)] = c.Calls
		}
		missing := 0
		for _, at := range minutes {
			if _, ok := counts[at]; !ok {
				missing++
			}
		}
		if missing == 0 || r.now().After(last) {
			return counts, nil
		}
		if err := wait.For(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// weigh takes what the quiet minutes between the bursts show away from the
// minutes with bursts. A minute without requests is not in CloudWatch, and
// neither is one that it does not know of yet: between two bursts that it does
// know of, a missing one is 0.
func (u *usage) weigh(counts map[time.Time]float64, minutes map[string]time.Time) {
	busy := map[time.Time]bool{}
	var first, last time.Time
	for _, at := range minutes {
		busy[at] = true
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	low, high, sum, n := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for at := first; at.Before(last); at = at.Add(time.Minute) {
		if busy[at] {
			continue
		}
		c := counts[at]
		low, high, sum, n = min(low, c), max(high, c), sum+c, n+1
	}
	if n == 0 {
		u.failed = "no quiet minute between two bursts"
		return
	}
	u.blur = (high - low) / burst
	for way, at := range minutes {
		u.perRequest[way] = max(counts[at]-sum/n, 0) / burst
	}
}
