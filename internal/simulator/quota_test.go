package simulator

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestMeter compares the ring with counting everything: it takes an event exactly when the last second has room.
func TestMeter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{1, 3, 50} {
		var m meter
		var taken []int64
		now := t0
		for range 3000 {
			now = now.Add(time.Duration(rng.IntN(60)) * time.Millisecond)
			inWindow := 0
			for _, at := range taken {
				if at > now.UnixNano()-int64(time.Second) {
					inWindow++
				}
			}
			if got, want := m.take(now, limit), inWindow < limit; got != want {
				t.Fatalf("limit %d, %d in the last second: took %v", limit, inWindow, got)
			}
			if inWindow < limit {
				taken = append(taken, now.UnixNano())
			}
		}
		for i := limit; i < len(taken); i++ {
			if taken[i]-taken[i-limit] < int64(time.Second) {
				t.Fatalf("limit %d: %d events within %s", limit, limit+1, time.Duration(taken[i]-taken[i-limit]))
			}
		}
	}
}

// TestKMSQuota: KMS Developer Guide, throttling; the words of S3's SlowDown are those seen in the field.
func TestKMSQuota(t *testing.T) {
	b := newBench(t, Config{KMSRequestsPerSecond: 5})
	b.put("bkt", "k", "x")
	at := b.tick()
	copyAt := func(now time.Time, account string) *Error {
		p, err := b.BeginCopy(now, selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Key, c.Principal.Account = "to", account }))
		if err == nil {
			_, err = p.Commit(now)
		}
		return err
	}
	for range 5 {
		b.must(copyAt(at, ""))
	}
	err := copyAt(at.Add(999*time.Millisecond), "")
	b.want(err, 503, "SlowDown")
	if want := "Please reduce your request rate for operations involving AWS KMS."; err.Message != want {
		t.Errorf("message %q, want %q", err.Message, want)
	}
	b.must(copyAt(at.Add(999*time.Millisecond), stranger)) // another account, another quota
	b.must(copyAt(at.Add(time.Second), ""))
	c := b.Counters()
	if c.KMS.Rejected != 1 || c.Throttles["kms"] != 1 || c.KMS.FullestSecond != 5 || c.KMS.FullestClock != 5 || !c.KMS.FullestEnd.Equal(at) {
		t.Errorf("counters %+v, throttles %v", c.KMS, c.Throttles)
	}
	if got := c.KMS.PerSecond[at.Unix()]; got != 6 {
		t.Errorf("%d calls in the first second, want 6", got)
	}
	if n := c.Calls[CallKey{OpCopyObject, 503, "SlowDown"}]; n != 1 {
		t.Errorf("calls %v", c.Calls)
	}
	b.SetQuotas(0, 0, 0)
	for range 20 {
		b.must(copyAt(at.Add(1500*time.Millisecond), ""))
	}
	if c := b.Counters().KMS; c.FullestSecond != 21 {
		t.Errorf("fullest second %d, want 21", c.FullestSecond)
	}
}

// TestS3Quota: S3 User Guide, optimizing-performance: rates are per partition, writes and reads apart. A copy is a write
// at its destination and a read at its source.
func TestS3Quota(t *testing.T) {
	b := newBench(t, Config{S3WritesPerSecond: 2, S3ReadsPerSecond: 3, PartitionDepth: 1})
	for _, key := range []string{"p/a", "q/a"} {
		b.put("bkt", key, "x")
	}
	now := b.tick()
	put := func(key string) *Error {
		_, err := b.PutObject(now, &PutObjectInput{Request: in("bkt"), Key: key})
		return err
	}
	head := func(key string) *Error {
		_, err := b.HeadObject(now, &GetObjectInput{Request: in("bkt"), Key: key})
		return err
	}
	cp := func(from, to string) *Error {
		_, err := b.BeginCopy(now, selfCopy("bkt", to, func(c *CopyObjectInput) { c.Source.Key = from }))
		return err
	}
	b.must(put("p/b/c"))
	b.must(cp("q/a", "p/c"))
	err := put("p/d")
	b.want(err, 503, "SlowDown")
	if err.Message != "Please reduce your request rate." {
		t.Errorf("message %q", err.Message)
	}
	b.must(head("p/a"))
	b.must(put("q/d"))
	b.must(head("q/a"))
	b.must(head("q/a"))
	b.want(head("q/a"), 503, "SlowDown") // the copy was the third
	b.want(cp("q/a", "r/x"), 503, "SlowDown")
	if got := b.Counters().Throttles; got["s3-write"] != 1 || got["s3-read"] != 2 {
		t.Errorf("throttles %v", got)
	}
	now = now.Add(time.Second)
	b.must(put("p/d"))
}

func TestPartition(t *testing.T) {
	for _, tt := range []struct {
		key   string
		depth int
		want  string
	}{{"a/b/c", 0, ""}, {"a/b/c", 1, "a/"}, {"a/b/c", 2, "a/b/"}, {"a/b/c", 9, "a/b/"}, {"abc", 1, ""}, {"//", 2, "//"}} {
		if got := partition(tt.key, tt.depth); got != tt.want {
			t.Errorf("partition(%q, %d) = %q, want %q", tt.key, tt.depth, got, tt.want)
		}
	}
}

// TestClockDoesNotRunBack: requests that were stamped before the lock was taken may come late.
func TestClockDoesNotRunBack(t *testing.T) {
	b := newBench(t, Config{KMSRequestsPerSecond: 1})
	p := in("bkt").Principal
	if _, err := b.UseKey(t0.Add(time.Hour), &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: testKey}); err != nil {
		t.Fatal(err)
	}
	_, err := b.UseKey(t0, &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: testKey})
	b.want(err, 400, "ThrottlingException")
}

func TestFaults(t *testing.T) {
	slow := Fault{Name: "slow", Op: OpPutObject, Code: "SlowDown", Message: "m", HTTPStatus: 503}
	tests := []struct {
		name   string
		change func(*Fault)
		want   []int // of ten puts of alternating keys a/1 and b/1, one a second, those that fail
	}{
		{"all", func(f *Fault) {}, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"other operation", func(f *Fault) { f.Op = OpCopyObject }, nil},
		{"any operation", func(f *Fault) { f.Op = "" }, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"other bucket", func(f *Fault) { f.Bucket = "none" }, nil},
		{"key", func(f *Fault) { f.Key = "a/*" }, []int{0, 2, 4, 6, 8}},
		{"third", func(f *Fault) { f.Nth, f.Count = 3, 1 }, []int{2}},
		{"third of a key", func(f *Fault) { f.Key, f.Nth, f.Count = "b*1", 3, 2 }, []int{5, 7}},
		{"window", func(f *Fault) { f.From, f.Until = t0.Add(time.Minute+4*time.Second), t0.Add(time.Minute+6*time.Second) }, []int{4, 5}},
	}
	for _, tt := range tests {
		b := newBench(t, Config{})
		f := slow
		tt.change(&f)
		id := b.AddFault(f)
		b.now = t0.Add(time.Minute - time.Second)
		var failed []int
		for i := range 10 {
			_, err := b.PutObject(b.tick(), &PutObjectInput{Request: in("bkt"), Key: []string{"a/1", "b/1"}[i%2]})
			if err != nil {
				failed = append(failed, i)
				if err.Code != "SlowDown" || err.Fault != "slow" || err.Committed {
					t.Errorf("%s: %+v", tt.name, err)
				}
			}
		}
		if !slices.Equal(failed, tt.want) || b.FaultHits(id) != int64(len(tt.want)) {
			t.Errorf("%s: failed %v with %d hits, want %v", tt.name, failed, b.FaultHits(id), tt.want)
		}
		b.RemoveFault(id)
		b.put("bkt", "a/1", "")
	}
}

// TestFaultProbability: a rule's random numbers are its own and depend on its seed alone.
func TestFaultProbability(t *testing.T) {
	draw := func(seed uint64, noise bool) (hits []int) {
		b := newBench(t, Config{})
		b.put("bkt", "k", "")
		b.AddFault(Fault{Op: OpHeadObject, Code: "InternalError", HTTPStatus: 500, Probability: 0.3, Seed: seed})
		b.AddFault(Fault{Op: OpPutObject, Code: "x", Probability: 0.5})
		for i := range 1000 {
			if noise {
				_, _ = b.PutObject(b.tick(), &PutObjectInput{Request: in("bkt"), Key: "n"})
			}
			if _, err := b.HeadObject(b.tick(), &GetObjectInput{Request: in("bkt"), Key: "k"}); err != nil {
				hits = append(hits, i)
			}
		}
		return hits
	}
	one := draw(1, false)
	if !slices.Equal(one, draw(1, true)) || slices.Equal(one, draw(2, false)) {
		t.Error("the hits do not depend on the seed alone")
	}
	if len(one) < 240 || len(one) > 360 {
		t.Errorf("%d hits of 1000 at 0.3", len(one))
	}
}

// TestFaultAfterCommit: the object is copied, but the client does not get to know.
func TestFaultAfterCommit(t *testing.T) {
	b := newBench(t, Config{})
	etag := b.put("bkt", "k", "x").ETag
	b.AddFault(Fault{Op: OpCopyObject, Directive: ResetConn, AfterCommit: true, Count: 1})
	b.AddFault(Fault{Op: OpCopyObject, Code: "SlowDown", HTTPStatus: 503, Directive: InsideOK, Nth: 2})
	_, err := b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Conditions.IfMatch = etag }))
	if err == nil || err.Directive != ResetConn || !err.Committed {
		t.Fatalf("got %+v, want a reset after the commit", err)
	}
	if b.head("bkt", "k", "").Encryption.Type != SSEKMS || b.Rewrites("bkt", "k") != 2 {
		t.Error("the copy did not take effect")
	}
	_, err = b.copy(selfCopy("bkt", "k", func(c *CopyObjectInput) { c.Conditions.IfMatch = etag }))
	if err == nil || err.Directive != InsideOK || err.Committed {
		t.Fatalf("got %+v, want an error inside a 200", err)
	}
	c := b.Counters()
	if c.Calls[CallKey{OpCopyObject, 0, ""}] != 1 || c.Calls[CallKey{OpCopyObject, 200, "SlowDown"}] != 1 || c.OK(OpCopyObject) != 0 {
		t.Errorf("calls %v", c.Calls)
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"a*", "a/b", true}, {"*b", "a/b", true}, {"a*b*c", "a-b-c", true},
		{"a*b*c", "a-c-b", false}, {"*ab", "aab", true}, {"a*a", "a", false}, {"*x*", "x", true}, {"*a*b", "ab*b", true},
	} {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

// TestKeyStoreQuota: a custom key store has a quota of its own, and takes
// nothing from the account's (KMS Developer Guide, requests-per-second).
func TestKeyStoreQuota(t *testing.T) {
	b := newBench(t, Config{KMSRequestsPerSecond: 1, StoreRequestsPerSecond: 2})
	const inStore = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0000-4000-8000-000000000003"
	if err := b.CreateKey(Key{ARN: inStore, Store: "cks-1"}); err != nil {
		t.Fatal(err)
	}
	now, p := b.tick(), in("bkt").Principal
	use := func(arn string) *Error {
		_, err := b.UseKey(now, &KeyUse{Principal: p, Op: OpGenerateDataKey, KeyID: arn})
		return err
	}
	b.must(use(inStore))
	b.must(use(testKey))
	b.must(use(inStore))
	b.want(use(inStore), 400, "ThrottlingException")
	b.want(use(testKey), 400, "ThrottlingException")
}
