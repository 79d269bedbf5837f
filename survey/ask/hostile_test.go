package ask

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/internal/simulator/simaws"
	"reseal/s3api"
	"reseal/survey"
)

// s3Of serves buckets about which nothing is configured; override answers first, and tells
// whether it did.
func s3Of(t *testing.T, buckets []string, override func(w http.ResponseWriter, r *http.Request) bool) *s3api.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := func(status int, code string) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
		}
		answer := func(text string) { _, _ = w.Write([]byte(text)) }
		none := map[string]string{"encryption": "ServerSideEncryptionConfigurationNotFoundError", "metadataConfiguration": "MetadataConfigurationNotFound", "policy": "NoSuchBucketPolicy",
			"object-lock": "ObjectLockConfigurationNotFoundError", "replication": "ReplicationConfigurationNotFoundError", "ownershipControls": "OwnershipControlsNotFoundError"}
		asked := r.URL.Query()
		switch {
		case override(w, r):
		case r.Method == http.MethodGet && r.URL.Path == "/":
			answer("<ListAllMyBucketsResult><Buckets><Bucket><Name>" + strings.Join(buckets, "</Name><BucketRegion>us-east-1</BucketRegion></Bucket><Bucket><Name>") + "</Name><BucketRegion>us-east-1</BucketRegion></Bucket></Buckets></ListAllMyBucketsResult>")
		case asked.Has("versioning"):
			answer("<VersioningConfiguration/>")
		case asked.Has("inventory"):
			answer("<ListInventoryConfigurationsResult><IsTruncated>false</IsTruncated></ListInventoryConfigurationsResult>")
		case asked.Has("requestPayment"):
			answer("<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>")
		case r.Method == http.MethodHead:
			w.Header().Set("X-Amz-Bucket-Region", "us-east-1")
		default:
			for name, code := range none {
				if asked.Has(name) {
					refuse(http.StatusNotFound, code)
					return
				}
			}
			refuse(http.StatusForbidden, "AccessDenied")
		}
	}))
	t.Cleanup(s.Close)
	for _, v := range append(simaws.CleanEnvironment(nil), "AWS_ENDPOINT_URL="+s.URL, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null") {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	c, err := s3api.New(t.Context(), s3api.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// questioned asks the account of a client, whose answers may take a second.
func questioned(ctx context.Context, c *s3api.Client, o Options) (*survey.Account, map[string]survey.Facts) {
	o.Requests, o.Parallel, o.Now, o.Limit = 5000, 4, time.Now(), time.Second
	a := New(o)
	defer a.Start(ctx)()
	of := new(survey.Account)
	out := map[string]survey.Facts{}
	for _, f := range a.Account(ctx, c, of) {
		out[f.Name] = f
	}
	return of, out
}

func codes(f survey.Facts) string {
	var out []string
	for _, u := range f.Unread {
		out = append(out, u.Operation+" "+u.Code)
	}
	return strings.Join(out, ", ")
}

// A question that is never answered is unknown in the end, and takes nothing with it. A
// server that answers none is not asked all.
func TestSilence(t *testing.T) {
	var asked atomic.Int64
	c := s3Of(t, []string{"one", "two", "mute"}, func(w http.ResponseWriter, r *http.Request) bool {
		mute := r.URL.Query().Has("versioning") || strings.HasPrefix(r.URL.Path, "/mute")
		if mute {
			asked.Add(1)
			<-r.Context().Done()
		}
		return mute
	})
	of, got := questioned(t.Context(), c, Options{})
	if of.Error != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", of.Error, got)
	}
	for _, name := range []string{"one", "two"} {
		if f := got[name]; f.Failed || codes(f) != "GetBucketVersioning no-answer, GetMetricData access-denied" || f.Inventories == nil || f.Policy == nil || f.Replication == nil {
			t.Errorf("%s: %s, %+v", name, codes(f), f)
		}
	}
	if f := got["mute"]; !f.Failed || !strings.Contains(codes(f), "no-answer") {
		t.Errorf("mute: %s, %+v", codes(f), f)
	}
	if n := asked.Load(); n != 2+mostSilent {
		t.Errorf("asked %d times without an answer, want %d", n, 2+mostSilent)
	}
}

// What was answered before the end of the context stands, and the rest says why it does not.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c := s3Of(t, []string{"one", "two", "three"}, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("versioning") {
			cancel(errors.New("interrupted"))
			<-r.Context().Done()
		}
		return r.URL.Query().Has("versioning")
	})
	of, got := questioned(ctx, c, Options{})
	if of.Error != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", of.Error, got)
	}
	stands := 0
	for name, f := range got {
		if !f.Failed && f.Inventories != nil {
			stands++
		}
		if len(f.Unread) == 0 || !strings.Contains(f.Unread[0].Why, "not asked to the end: interrupted") {
			t.Errorf("%s: %+v", name, f.Unread)
		}
	}
	if stands == 0 {
		t.Errorf("nothing stands: %+v", got)
	}
	if of, _ := questioned(ctx, c, Options{}); of.Error == nil || !strings.Contains(of.Error.Why, "interrupted") {
		t.Errorf("after the end: %+v", of.Error)
	}
}

// A bucket is asked about once, however often it is named, and those of other Regions are
// counted.
func TestNamedTwiceAndElsewhere(t *testing.T) {
	var asked atomic.Int64
	c := s3Of(t, []string{"one", "one", "two"}, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("policy") {
			asked.Add(1)
		}
		return false
	})
	if of, got := questioned(t.Context(), c, Options{}); of.Buckets != 2 || len(got) != 2 || asked.Load() != 2 {
		t.Errorf("listed twice: %d buckets, asked %d times", of.Buckets, asked.Load())
	}
	if of, _ := questioned(t.Context(), c, Options{Buckets: []string{"two", "two"}}); of.Buckets != 1 {
		t.Errorf("named twice: %d buckets", of.Buckets)
	}
	if of, got := questioned(t.Context(), c, Options{Regions: []string{"eu-west-1"}}); len(got) != 0 || of.Elsewhere["us-east-1"] != 2 {
		t.Errorf("elsewhere: %v", of.Elsewhere)
	}
}

// A status of versioning that nobody knows is not read.
func TestUnknownStatus(t *testing.T) {
	c := s3Of(t, []string{"one"}, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("versioning") {
			_, _ = w.Write([]byte("<VersioningConfiguration><Status>Enabledish</Status></VersioningConfiguration>"))
		}
		return r.URL.Query().Has("versioning")
	})
	if _, got := questioned(t.Context(), c, Options{}); !strings.Contains(codes(got["one"]), "GetBucketVersioning other") {
		t.Errorf("%s", codes(got["one"]))
	}
}
