package preflight

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// meeting is a server that answers nobody before all that are expected have asked.
type meeting struct {
	t     *testing.T
	mu    sync.Mutex
	asked []string
	open  []string      // expected, and not asked yet
	all   chan struct{} // closed once none is open
}

// ServeHTTP denies everything.
func (m *meeting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.RawQuery + r.Header.Get("X-Amz-Target")
	m.mu.Lock()
	m.asked = append(m.asked, name)
	if i := slices.IndexFunc(m.open, func(part string) bool { return strings.Contains(name, part) }); i >= 0 {
		if m.open = slices.Delete(m.open, i, i+1); len(m.open) == 0 {
			close(m.all)
		}
	}
	m.mu.Unlock()
	select {
	case <-m.all:
	case <-r.Context().Done():
	case <-time.After(30 * time.Second): // they are asked one after the other
		m.t.Errorf("%s waits in vain for the others to be asked", name)
	}
	w.WriteHeader(http.StatusForbidden)
}

// meet returns a client of a server that answers once all of these were asked.
func meet(t *testing.T, open ...string) *s3api.Client {
	t.Helper()
	m := &meeting{t: t, open: open, all: make(chan struct{})}
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return clientOf(t, s.URL)
}

// clientOf is a client of a server of a test.
func clientOf(t *testing.T, url string) *s3api.Client {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "testdata/none")
	client, err := s3api.New(t.Context(), s3api.Config{Region: simRegion, EndpointURL: url})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// The looks before a run are one round trip, and their rows stand in one order whatever
// is answered first.
func TestLooksBeforeARunAreSideBySide(t *testing.T) {
	client := meet(t, "DescribeKey", "encryption=", "replication=", "list-type=2", "policy=")
	c := &Checker{Client: client, Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}, Facts: plan.Facts{Region: simRegion}}
	c.LookBeforeRun(t.Context())
	var rows []string
	for _, f := range c.Findings {
		rows = append(rows, f.Name)
	}
	if want := "caller, key, bucket, s3:ListBucket, bucket policy"; strings.Join(rows, ", ") != want {
		t.Errorf("rows: %s, want %s", strings.Join(rows, ", "), want)
	}
}

// So are the looks at who reads.
func TestLooksAtReadersAreSideBySide(t *testing.T) {
	client := meet(t, "policy=", "acl=", "replication=")
	o := plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}
	_, unknown := LockedOutReaders(t.Context(), client, o, plan.Facts{Region: simRegion, Replication: plan.Yes})
	var ops []string
	for _, u := range unknown {
		ops = append(ops, u.Op)
	}
	if want := "GetBucketAcl ListAccessPoints GetBucketReplication"; strings.Join(ops, " ") != want {
		t.Errorf("unknown: %v, want %s", ops, want)
	}
}

// The quota is asked for while the key is looked at.
func TestQuotaIsAskedForBesideTheKey(t *testing.T) {
	client := meet(t, "DescribeKey", "GetServiceQuota")
	e, err := FindEnvironment(t.Context(), requestAbout(t, client))
	if err != nil || len(e.KeyNotes) != 1 || len(e.Caps.Notes) != 1 {
		t.Errorf("%v, notes %q and %q; want one that the key could not be checked, and one on the quota", err, e.KeyNotes, e.Caps.Notes)
	}
}

// A key that cannot be used ends all that is asked beside it.
func TestAKeyThatIsNotThereEndsTheOthers(t *testing.T) {
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeKey") {
			select {
			case <-begun:
			case <-time.After(30 * time.Second):
				t.Error("the quota is not asked for beside the key")
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"NotFoundException","message":"no such key"}`))
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the request is not noticed
		begin()
		select {
		case <-r.Context().Done():
		case <-time.After(LookTimeout / 2):
			t.Error("the quota is still waited for")
		}
	}))
	t.Cleanup(s.Close)
	_, err := FindEnvironment(t.Context(), requestAbout(t, clientOf(t, s.URL)))
	if s3api.KindOf(err) != s3api.KeyUnknown {
		t.Errorf("%v (%s)", err, s3api.KindOf(err))
	}
}

// requestAbout is a look at the surroundings of a bucket, by a list of its objects.
func requestAbout(t *testing.T, client *s3api.Client) *Request {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(name, []byte("acme,key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := inventory.Locate(t.Context(), inventory.Location{Name: name}, nil, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	policy := &plan.Policy{Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}, Facts: plan.Facts{Region: simRegion}}
	return &Request{Client: client, Report: list, Policy: policy, Rates: Rates{KMSShare: 0.5}, ReportKept: true}
}

// Who reads is asked for while the key is looked at.
func TestReadersAreAskedForBesideTheKey(t *testing.T) {
	client := meet(t, "DescribeKey", "policy=")
	if _, err := FindEnvironment(t.Context(), requestAbout(t, client)); err != nil {
		t.Error(err)
	}
}

// What copies do and whether a condition on one is heeded is probed side by side.
func TestProbesOfCopiesAreSideBySide(t *testing.T) {
	client := meet(t, "x-id=PutObject", "x-id=PutObject")
	e := &Environment{Client: client, Policy: &plan.Policy{Options: plan.Options{Bucket: "acme", Method: plan.MethodCopy, SSE: plan.TargetAES256}}}
	if _, err := e.Probe(t.Context(), "probe/"); err == nil {
		t.Error("the probe saw nothing wrong with a server that denies everything")
	}
	if e.Sent.Requests.Load() < 2 {
		t.Errorf("%d requests were counted, of two probes", e.Sent.Requests.Load())
	}
}

// A run that was looked around for does not ask about the key once more.
func TestTheKeyIsAskedForOnce(t *testing.T) {
	key := s3api.KeyOfARN(simKey)
	for known, want := range map[s3api.Key]int{{}: 1, key: 0, s3api.KeyOfARN(simKey + "0"): 1} {
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeKey") {
				asked++
			}
			w.WriteHeader(http.StatusForbidden)
		}))
		c := &Checker{Client: clientOf(t, s.URL), Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}, known: known}
		c.askKey(t.Context())
		s.Close()
		if asked != want {
			t.Errorf("of %q is known: asked %d times, want %d", known.ARN, asked, want)
		}
	}
}
