package s3api

import (
	"strings"
	"sync"
	"testing"
)

// Who the caller is, is asked until it was told once, whatever client of the same
// credentials asks; and where a bucket is, is asked once for its facts.
func TestCallerAndRegionAreAskedForOnce(t *testing.T) {
	const caller = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/u</Arn><UserId>A</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	var mu sync.Mutex
	asked := map[string]int{}
	fails := true
	s := serve(t, func(r request) reply {
		mu.Lock()
		defer mu.Unlock()
		what := r.method
		if what == "GET" {
			return reply{status: 403, body: "<Error><Code>AccessDenied</Code></Error>"}
		}
		asked[what]++
		switch {
		case what == "HEAD":
			return reply{header: map[string]string{"X-Amz-Bucket-Region": "eu-central-1"}}
		case fails:
			return reply{status: 403, body: "<Error><Code>AccessDenied</Code></Error>"}
		}
		return reply{body: caller}
	})
	c := client(t, s.URL)
	if id, err := c.Identity(t.Context()); err == nil {
		t.Fatalf("told %v by a refusal", id)
	}
	fails = false
	there, err := c.ForBucket(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Client{c, there, there.Expecting("111122223333")} {
		if id, err := c.Identity(t.Context()); err != nil || !strings.HasSuffix(id.ARN, ":user/u") {
			t.Errorf("%v, %v", id, err)
		}
	}
	if asked["POST"] != 2 {
		t.Errorf("who the caller is was asked %d times, want once in vain and once more", asked["POST"])
	}
	if facts, _, err := there.Facts(t.Context(), bucket); err != nil || facts.Region != "eu-central-1" || asked["HEAD"] != 1 {
		t.Errorf("facts of %q, %v; where it is was asked %d times, want 1", facts.Region, err, asked["HEAD"])
	}
	if _, _, err := there.Facts(t.Context(), bucket+"-other"); err != nil || asked["HEAD"] != 2 {
		t.Errorf("of another bucket: %v; where that is was asked %d times, want once", err, asked["HEAD"]-1)
	}
}
