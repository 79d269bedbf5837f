package s3api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/inventory"
	"reseal/plan"
)

const (
	bucket  = "acme-media"
	account = "111122223333"
	keyARN  = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	etag    = "9bb58f26192e4ba00f01e2e7b136bbd8"
)

// reply is what the server answers to one request.
type reply struct {
	status int // 0 = 200
	header map[string]string
	body   string
	hangup bool // closes the connection instead
	hollow bool // of a HEAD: without the headers that the test does not name
}

// request is what the server saw.
type request struct {
	method string
	path   string // as it was on the wire, undecoded
	query  string
	header http.Header
	body   string
}

// operation names the S3 operation of a request, as far as these tests need it.
func (r request) operation() string {
	has := func(name string) bool {
		for _, part := range strings.Split(r.query, "&") {
			if n, _, _ := strings.Cut(part, "="); n == name {
				return true
			}
		}
		return false
	}
	source := r.header.Get("X-Amz-Copy-Source") != ""
	switch {
	case has("tagging"):
		return r.method + " tagging"
	case has("acl"):
		return r.method + " acl"
	case has("encryption"):
		return r.method + " encryption"
	case has("annotation"):
		return r.method + " annotation"
	case has("uploads"):
		return "create"
	case has("uploadId") && source:
		return "part"
	case has("uploadId") && r.method == "POST":
		return "complete"
	case has("uploadId") && r.method == "DELETE":
		return "abort"
	case has("uploadId"):
		return "list parts"
	case source:
		return "copy"
	}
	return r.method
}

// server answers requests by a function and remembers them. Nothing in it knows
// S3: what a test expects of S3 stands in the test.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

func serve(t *testing.T, answer func(request) reply) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(s.handler(answer))
	t.Cleanup(s.Close)
	return s
}

func (s *server) handler(answer func(request) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), string(body)}
		s.mu.Lock()
		s.seen = append(s.seen, req)
		s.mu.Unlock()
		rep := answer(req)
		if rep.hangup {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
			return
		}
		for name, value := range rep.header {
			w.Header()[http.CanonicalHeaderKey(name)] = []string{value}
		}
		if rep.status == 0 {
			rep.status = http.StatusOK
		}
		if r.Method == http.MethodHead && rep.status == http.StatusOK && !rep.hollow {
			for name, value := range map[string]string{"Etag": `"` + etag + `"`, "Last-Modified": "Wed, 15 Nov 2023 00:00:00 GMT", "Content-Length": "1048576"} {
				if w.Header().Get(name) == "" {
					w.Header().Set(name, value) // every object has them
				}
			}
		}
		w.WriteHeader(rep.status)
		_, _ = io.WriteString(w, rep.body)
	})
}

// requests returns what was seen so far.
func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.seen...)
}

// operations returns the names of the requests seen so far.
func (s *server) operations() []string {
	var out []string
	for _, r := range s.requests() {
		out = append(out, r.operation())
	}
	return out
}

// one returns the only request of an operation.
func (s *server) one(t *testing.T, operation string) request {
	t.Helper()
	var found []request
	for _, r := range s.requests() {
		if r.operation() == operation {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d requests of %q, want 1; saw %v", len(found), operation, s.operations())
	}
	return found[0]
}

// client returns a client of url with fixed credentials and nothing of this
// machine's configuration.
func client(t *testing.T, url string) *Client {
	t.Helper()
	hermetic(t)
	c, err := New(t.Context(), Config{EndpointURL: url, Region: "eu-west-1"})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// asAWS makes c treat its endpoint as AWS's own, which no test can reach.
func asAWS(c *Client) *Client {
	out := c.Expecting(account)
	out.endpoint.AWS = plan.Yes
	return out
}

// hermetic shuts out the environment's AWS settings.
func hermetic(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": "testdata/none", "AWS_SHARED_CREDENTIALS_FILE": "testdata/none", "AWS_PROFILE": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
		"HTTP_PROXY": "", "HTTPS_PROXY": "",
	} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_STS",
		"AWS_ENDPOINT_URL_SERVICE_QUOTAS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_MAX_ATTEMPTS"} {
		t.Setenv(name, "") // restores it at the end
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

// aFacts are those of a bucket that allows leaving the HEAD out.
func aFacts() plan.Facts {
	return plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.VersioningEnabled,
		Transitions: plan.No, Expirations: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No,
		Replication: plan.No, Events: plan.No, Requester: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No}
}

// anOptions are those of a copy to SSE-KMS.
func anOptions() plan.Options {
	return plan.Options{Bucket: bucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: keyARN, BucketKey: true}
}

// aRecord is a row of a report with all columns that matter.
func aRecord(key string) inventory.Record {
	known := inventory.Columns(0)
	for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColEncryption, inventory.ColLastModified} {
		known = known.With(c)
	}
	return inventory.Record{Known: known, Bucket: bucket, Key: key, Size: 1 << 20, ETag: etag,
		StorageClass: inventory.StandardIA, Encryption: inventory.SSES3, LastModified: time.Unix(1_700_000_000, 0)}
}

// decide makes the task for a row as a run does, with or without a head.
func decide(t *testing.T, c RewriteConfig, rec inventory.Record, head *plan.Head) *plan.Task {
	t.Helper()
	p := &plan.Policy{Options: c.Options, Facts: c.Facts, Weights: plan.DefaultWeights(c.Options.BucketKey)}
	task := p.Decide(&rec)
	if head != nil {
		task = p.DecideHead(task, head)
	}
	if task.Action == plan.Skip {
		t.Fatalf("decided to skip %q: %s", rec.Key, task.Reason)
	}
	return &task
}

// gate sends at once and remembers the steps.
type gate struct {
	mu    sync.Mutex
	steps []plan.StepKind
	sum   plan.Demand
}

// within fails the test where the steps took more or less than the task's
// demand said, from which price and pace are reckoned.
func (g *gate) within(t *testing.T, task *plan.Task) {
	t.Helper()
	head := plan.DefaultWeights(true).Of(plan.StepHead, false)
	got := g.sum
	if task.Head != nil { // sent by Inspect
		got = got.Add(head)
	}
	d := task.Demand
	for _, q := range []struct {
		name      string
		got, want plan.Range
	}{{"reads", got.Reads, d.Reads}, {"writes", got.Writes, d.Writes}, {"KMS", got.KMS, d.KMS}} {
		if q.got.Max > q.want.Max || q.got.Max < q.want.Min {
			t.Errorf("%s of the steps %v: %d, not within the task's demand of %d to %d", q.name, g.steps, q.got.Max, q.want.Min, q.want.Max)
		}
	}
}

func (g *gate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for the gate: %w", err)
	}
	g.mu.Lock()
	g.steps = append(g.steps, s.Kind)
	g.sum = g.sum.Add(s.Demand)
	g.mu.Unlock()
	return send(ctx)
}

// copied is the answer of S3 to a copy that it encrypted as wanted.
func copied(extra map[string]string) reply {
	r := reply{header: map[string]string{
		"X-Amz-Server-Side-Encryption":                    "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     keyARN,
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "true",
		"X-Amz-Version-Id":                                "newversion",
		"X-Amz-Request-Id":                                "REQ1",
	}, body: `<?xml version="1.0" encoding="UTF-8"?><CopyObjectResult><ETag>"newetag"</ETag><LastModified>2026-11-21T00:00:00.000Z</LastModified></CopyObjectResult>`}
	for k, v := range extra {
		if v == "" {
			delete(r.header, k)
		} else {
			r.header[k] = v
		}
	}
	return r
}

// failure is an error answer of S3.
func failure(status int, code, message string) reply {
	return reply{status: status, header: map[string]string{"X-Amz-Request-Id": "REQ9"},
		body: fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message><RequestId>REQ9</RequestId></Error>`, code, message)}
}

// taggingOf is a question about the tags of an object.
func taggingOf(key string) *s3.GetObjectTaggingInput {
	name := bucket
	return &s3.GetObjectTaggingInput{Bucket: &name, Key: &key}
}
