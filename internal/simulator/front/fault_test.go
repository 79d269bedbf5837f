package front

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
)

func (r *rig) addFault(f simulator.Fault) (id int) {
	r.front.Locked(func(w *simulator.World) { id = w.AddFault(f) })
	return id
}

func (r *rig) hits(id int) (n int64) {
	r.front.Locked(func(w *simulator.World) { n = w.FaultHits(id) })
	return n
}

func TestFaultDirectives(t *testing.T) {
	tests := []struct {
		name      string
		fault     simulator.Fault
		want      func(err error) bool
		committed bool
	}{
		{"error", simulator.Fault{Code: "SlowDown", Message: "Please reduce your request rate.", HTTPStatus: 503},
			func(err error) bool { return codeOf(err) == "SlowDown" }, false},
		{"inside a 200", simulator.Fault{Code: "SlowDown", Message: "Please reduce your request rate.", HTTPStatus: 503, Directive: simulator.InsideOK},
			func(err error) bool { return codeOf(err) == "SlowDown" }, false},
		{"reset", simulator.Fault{Directive: simulator.ResetConn},
			func(err error) bool { return strings.Contains(err.Error(), "connection reset") }, false},
		{"reset after the commit", simulator.Fault{Directive: simulator.ResetConn, AfterCommit: true},
			func(err error) bool { return strings.Contains(err.Error(), "connection reset") }, true},
		{"truncated after the commit", simulator.Fault{Directive: simulator.TruncateBody, AfterCommit: true},
			func(err error) bool { return err != nil && codeOf(err) != "" }, true},
		{"500 after the commit", simulator.Fault{Code: "InternalError", HTTPStatus: 500, AfterCommit: true},
			func(err error) bool { return codeOf(err) == "InternalError" }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, simulator.Config{}, Config{})
			c := r.s3(longLived)
			put(t, c, "k", "body")
			tt.fault.Op, tt.fault.Count = simulator.OpCopyObject, 1
			id := r.addFault(tt.fault)
			_, err := c.CopyObject(t.Context(), resealInput("k", *head(t, c, "k").ETag))
			if err == nil || !tt.want(err) {
				t.Errorf("error %v", err)
			}
			if r.hits(id) != 1 {
				t.Errorf("the fault fired %d times", r.hits(id))
			}
			if got := head(t, c, "k").ServerSideEncryption == types.ServerSideEncryptionAwsKms; got != tt.committed {
				t.Errorf("committed: %t, want %t", got, tt.committed)
			}
		})
	}
}

// TestHang gives up on a request that is never answered; the front must let go
// of it, or the rig's clean-up does not end.
func TestHang(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	put(t, c, "k", "body")
	id := r.addFault(simulator.Fault{Op: simulator.OpHeadObject, Directive: simulator.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for r.hits(id) == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := c.HeadObject(ctx, headInput("k"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context canceled", err)
	}
}

// TestServeEndsInSpiteOfAHang: stopping the server cuts off what never ends.
func TestServeEndsInSpiteOfAHang(t *testing.T) {
	failed := make(chan error, 1)
	t.Run("serve", func(t *testing.T) { // the rig's clean-up stops the server
		r := newRig(t, simulator.Config{}, Config{})
		c := r.s3(longLived)
		id := r.addFault(simulator.Fault{Op: simulator.OpHeadObject, Directive: simulator.Hang})
		go func() {
			_, err := c.HeadObject(context.Background(), headInput("k"))
			failed <- err
		}()
		for r.hits(id) == 0 {
			time.Sleep(time.Millisecond)
		}
	})
	if err := <-failed; err == nil {
		t.Error("the hanging request was answered")
	}
}

// local calls a front in process, without a socket, as virtual time needs it.
type local struct {
	t     *testing.T
	front *Front
}

func newLocal(t *testing.T, l Latency) local {
	w := simulator.New(simulator.Config{Region: "eu-west-1"})
	if err := w.CreateKey(simulator.Key{ARN: testKey}); err != nil {
		t.Fatal(err)
	}
	if err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: simulator.Request{Bucket: "bucket"}}); err != nil {
		t.Fatal(err)
	}
	f, err := New(w, Config{Identities: []Identity{longLived}, PlainIsSecure: true, Latency: l})
	if err != nil {
		t.Fatal(err)
	}
	return local{t, f}
}

func (l local) call(ctx context.Context, method, key, body string, header map[string]string) *httptest.ResponseRecorder {
	return l.ask(ctx, newRequest(l.t, method, key, "", body), body, header)
}

func (l local) ask(ctx context.Context, r *http.Request, body string, header map[string]string) *httptest.ResponseRecorder {
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("X-Amz-Content-Sha256", hashOf(body))
	if err := s3Signer().SignHTTP(ctx, credentialsOf(longLived), r, hashOf(body), "s3", "eu-west-1", time.Now()); err != nil {
		l.t.Error(err)
	}
	r = received(l.t, r).WithContext(ctx)
	w := httptest.NewRecorder()
	l.front.ServeHTTP(w, r)
	return w
}

var resealHeader = map[string]string{
	"X-Amz-Copy-Source": "bucket/k", "X-Amz-Server-Side-Encryption": "aws:kms", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": testKey,
}

// TestOthersWriteDuringACopy: the lock is free while a copy waits, so a put
// that comes between read and commit goes through and fails the copy's
// If-Match.
func TestOthersWriteDuringACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, Latency{Fixed: 100 * time.Millisecond})
		first := l.call(t.Context(), "PUT", "k", "one", nil)
		//lint:ignore SA1008 S3 spells it so, and so does the front
		header := map[string]string{"If-Match": first.Header()["ETag"][0]}
		for name, value := range resealHeader {
			header[name] = value
		}
		var wg sync.WaitGroup
		var copied *httptest.ResponseRecorder
		start := time.Now()
		wg.Go(func() { copied = l.call(t.Context(), "PUT", "k", "", header) })
		time.Sleep(time.Millisecond) // virtual: the copy has read its source by now
		if !l.front.mu.TryLock() {   // waiting for it would stop the virtual clock for good
			t.Fatal("the lock is held while a copy waits")
		}
		_, serr := l.front.world.PutObject(time.Now(), &simulator.PutObjectInput{Request: simulator.Request{Bucket: "bucket"}, Key: "k", Body: simulator.Bytes([]byte("two"))})
		l.front.mu.Unlock()
		done := serr == nil
		if !done || time.Since(start) > 2*time.Millisecond {
			t.Fatalf("the put between went through: %t, after %s", done, time.Since(start))
		}
		wg.Wait()
		if copied.Code != 412 || !strings.Contains(copied.Body.String(), "<Code>PreconditionFailed</Code>") {
			t.Errorf("copy: %d %s, want 412", copied.Code, copied.Body)
		}
		if d := time.Since(start); d != 100*time.Millisecond {
			t.Errorf("the copy took %s, want 100ms", d)
		}
	})
}

func TestLatencyOfCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, Latency{Fixed: 10 * time.Millisecond, Jitter: 20 * time.Millisecond, CopyBytesPerSecond: 1000})
		l.call(t.Context(), "PUT", "k", strings.Repeat("x", 500), nil)
		seen := map[time.Duration]bool{}
		for range 20 {
			start := time.Now()
			if w := l.call(t.Context(), "PUT", "k", "", resealHeader); w.Code != 200 {
				t.Fatalf("copy: %d %s", w.Code, w.Body)
			}
			d := time.Since(start) - 500*time.Millisecond
			if d < 10*time.Millisecond || d >= 30*time.Millisecond {
				t.Errorf("a copy of 500 bytes took %s beyond its half second, want 10 to 30 ms", d)
			}
			seen[d] = true
		}
		if len(seen) < 10 {
			t.Errorf("20 jittered copies took only %d different times", len(seen))
		}
	})
}

// TestLatencyOfEachRequest: each operation takes its latency, once, whatever it is about and
// whatever the answer.
func TestLatencyOfEachRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 100 * time.Millisecond
		l := newLocal(t, Latency{Fixed: latency})
		l.call(t.Context(), "PUT", "k", "one", nil)
		for key, all := range map[string]operations{"": bucketOperations, "k": objectOperations} {
			for sub, methods := range all {
				for method := range methods {
					start := time.Now()
					w := l.ask(t.Context(), newRequest(t, method, key, sub, ""), "", nil)
					if d := time.Since(start); d != latency {
						t.Errorf("%s /bucket/%s?%s, answered %d, took %s, want %s", method, key, sub, w.Code, d, latency)
					}
				}
			}
		}
		start := time.Now()
		l.front.ServeHTTP(httptest.NewRecorder(), received(t, newRequest(t, "GET", "", "policy", ""))) // unsigned
		if d := time.Since(start); d != latency {
			t.Errorf("a request that is refused took %s, want %s", d, latency)
		}
	})
}

// TestClientGoesAway: a copy whose client left before the commit does nothing.
func TestClientGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, Latency{Fixed: time.Second})
		l.call(t.Context(), "PUT", "k", "one", nil)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		func() {
			defer func() {
				if r := recover(); r != http.ErrAbortHandler {
					t.Errorf("panic %v, want http.ErrAbortHandler", r)
				}
			}()
			l.call(ctx, "PUT", "k", "", resealHeader)
		}()
		w := l.call(t.Context(), "HEAD", "k", "", nil)
		//lint:ignore SA1008 S3 spells it so, and so does the front
		if got := w.Header()["x-amz-server-side-encryption"]; got[0] != "AES256" {
			t.Errorf("encryption after the copy was given up: %s", got)
		}
		l.front.Locked(func(w *simulator.World) {
			if n := w.Counters().OK(simulator.OpCopyObject); n != 0 {
				t.Errorf("%d copies counted as done", n)
			}
		})
	})
}

// TestConcurrentCopies hammers the front with the SDK; every count of the core
// must agree with what the clients saw.
func TestConcurrentCopies(t *testing.T) {
	const workers, each = 16, 25
	r := newRig(t, simulator.Config{KMSRequestsPerSecond: 50}, Config{})
	var population simulator.Population
	population.N, population.Seed, population.Plain = workers*each, 1, true
	keys := map[string]string{}
	r.front.Locked(func(w *simulator.World) {
		if err := w.Populate(testBucket, population); err != nil {
			t.Fatal(err)
		}
		for o := range w.Walk(testBucket) {
			keys[o.Key] = o.ETag
		}
	})
	r.addFault(simulator.Fault{Op: simulator.OpCopyObject, Code: "InternalError", HTTPStatus: 500, Probability: 0.1, Seed: 3})
	type task struct{ key, etag string }
	tasks := make(chan task)
	var mu sync.Mutex
	seen := map[string]int64{}
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			c := r.s3(longLived)
			for task := range tasks {
				in := resealInput(task.key, `"`+task.etag+`"`)
				in.BucketKeyEnabled = nil
				_, err := c.CopyObject(t.Context(), in)
				mu.Lock()
				seen[codeOf(err)]++
				mu.Unlock()
			}
		})
	}
	for key, etag := range keys {
		tasks <- task{key, etag}
	}
	close(tasks)
	wg.Wait()
	r.front.Locked(func(w *simulator.World) {
		c := w.Counters()
		if got := c.OK(simulator.OpCopyObject); got != seen[""] || got == 0 {
			t.Errorf("the core counts %d good copies, clients %d", got, seen[""])
		}
		if got := c.Ops(simulator.OpCopyObject); got != workers*each {
			t.Errorf("the core counts %d copies, clients sent %d", got, workers*each)
		}
		if seen["SlowDown"] != c.Throttles["kms"] || seen["SlowDown"] != c.KMS.Rejected || c.KMS.Total != seen[""] {
			t.Errorf("clients saw %v; core: %d throttles, KMS rejected %d and took %d", seen, c.Throttles["kms"], c.KMS.Rejected, c.KMS.Total)
		}
		if c.KMS.FullestSecond > 50 {
			t.Errorf("KMS took %d calls in a second, its quota is 50", c.KMS.FullestSecond)
		}
		if h := w.RewriteHistogram(testBucket); h[1] != seen[""] || len(h) > 2 {
			t.Errorf("rewrites per key %v, want 1 for %d keys", h, seen[""])
		}
	})
}

func TestControlPlane(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	do := func(method, path, body string, want int, into any) {
		t.Helper()
		req, _ := http.NewRequestWithContext(t.Context(), method, r.url+"/_simulator/"+path, strings.NewReader(body))
		res, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		data, _ := io.ReadAll(res.Body)
		if res.StatusCode != want {
			t.Fatalf("%s %s: %d %s, want %d", method, path, res.StatusCode, data, want)
		}
		if into != nil {
			if err := json.Unmarshal(data, into); err != nil {
				t.Fatalf("%s %s: %v in %s", method, path, err, data)
			}
		}
	}
	put(t, c, "k", "body")
	var before, after struct{ Digest string }
	do("GET", "digest?bucket="+testBucket, "", 200, &before)

	var fault struct{ ID int }
	do("POST", "faults", `{"op":"HeadObject","code":"SlowDown","status":503,"count":1}`, 200, &fault)
	if _, err := c.HeadObject(t.Context(), headInput("k")); err == nil {
		t.Error("the fault did not fire")
	}
	var hits struct{ Hits int }
	do("GET", fmt.Sprintf("faults?id=%d", fault.ID), "", 200, &hits)
	do("DELETE", fmt.Sprintf("faults?id=%d", fault.ID), "", 204, nil)
	if hits.Hits != 1 {
		t.Errorf("fault hits %d, want 1", hits.Hits)
	}
	do("PUT", "keys?state=Disabled&arn="+url.QueryEscape(testKey), "", 204, nil)
	if _, err := c.CopyObject(t.Context(), resealInput("k", *head(t, c, "k").ETag)); codeOf(err) != "KMS.DisabledException" {
		t.Errorf("copy under a disabled key: %v", err)
	}
	do("PUT", "keys?state=Enabled&arn="+url.QueryEscape(testKey), "", 204, nil)
	do("PUT", "quotas", `{"kms":1}`, 204, nil)
	var rewrites struct{ Rewrites int }
	if _, err := c.CopyObject(t.Context(), resealInput("k", *head(t, c, "k").ETag)); err != nil {
		t.Fatal(err)
	}
	do("GET", "rewrites?bucket="+testBucket+"&key=k", "", 200, &rewrites)
	if rewrites.Rewrites != 2 { // the put and the copy
		t.Errorf("rewrites %d, want 2", rewrites.Rewrites)
	}
	do("GET", "digest?bucket="+testBucket, "", 200, &after)
	if before.Digest == after.Digest || len(after.Digest) != 64 {
		t.Errorf("digest before %q, after the copy %q", before.Digest, after.Digest)
	}
	do("PUT", "knobs", `{"SilentSSE":true}`, 204, nil)
	var counters Counters
	do("GET", "counters", "", 200, &counters)
	found := map[string]int64{}
	for _, n := range counters.Calls {
		found[fmt.Sprintf("%s %d %s", n.Op, n.Status, n.Code)] = n.Count
	}
	if found["CopyObject 200 "] != 1 || found["CopyObject 400 KMS.DisabledException"] != 1 || counters.KMS.Total != 1 {
		t.Errorf("counters %v, KMS %+v", found, counters.KMS)
	}
	do("DELETE", "counters", "", 204, nil)
	do("GET", "counters", "", 200, &counters)
	if len(counters.Calls) != 0 {
		t.Errorf("counters after their reset: %v", counters.Calls)
	}

	do("POST", "faults", `{"op":"HeadObject","cod":"x"}`, 400, nil)
	do("POST", "faults", `{"code":"x"}`, 400, nil)
	do("POST", "faults", `{"directive":"explode"}`, 400, nil)
	do("PUT", "keys?state=Odd", "", 400, nil)
	do("GET", "nothing", "", 404, nil)
}

func TestControlPlaneIsForThisMachineOnly(t *testing.T) {
	l := newLocal(t, Latency{})
	for _, tt := range []struct {
		remote, host, origin string
		want                 int
	}{
		{"127.0.0.1:1", "127.0.0.1:9000", "", 200},
		{"[::1]:1", "localhost", "", 200},
		{"192.0.2.7:1", "127.0.0.1:9000", "", 403},
		{"127.0.0.1:1", "rebound.example", "", 403},
		{"127.0.0.1:1", "127.0.0.1:9000", "https://example.com", 403},
		{"", "localhost", "", 403},
	} {
		r := httptest.NewRequest("GET", "/_simulator/counters", bytes.NewReader(nil))
		r.RemoteAddr, r.Host = tt.remote, tt.host
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		w := httptest.NewRecorder()
		l.front.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("from %q to %q with origin %q: %d, want %d", tt.remote, tt.host, tt.origin, w.Code, tt.want)
		}
	}
}
