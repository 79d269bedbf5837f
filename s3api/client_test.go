package s3api

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"reseal/plan"
)

func TestEndpoints(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(profile, []byte("[profile lab]\nendpoint_url = https://lab.example.com\nregion = eu-north-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, certificate(t), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		config Config
		env    map[string]string
		url    string
		aws    plan.Answer
		kind   SetupKind // of the error
	}{
		{"AWS's own", Config{Region: "eu-west-1"}, nil, "https://s3.eu-west-1.amazonaws.com", plan.Yes, ""},
		{"no Region", Config{}, nil, "https://s3.us-east-1.amazonaws.com", plan.Yes, ""},
		{"China", Config{Region: "cn-north-1"}, nil, "https://s3.cn-north-1.amazonaws.com.cn", plan.Yes, ""},
		{"FIPS", Config{Region: "us-gov-west-1"}, map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, "", plan.Yes, ""},
		{"own roots", Config{Region: "eu-west-1", CABundle: bundle}, nil, "", plan.Unknown, ""},
		{"own roots by environment", Config{Region: "eu-west-1"}, map[string]string{"AWS_CA_BUNDLE": bundle}, "", plan.Unknown, ""},
		{"flag", Config{EndpointURL: "https://minio.example.com:9000"}, nil, "https://minio.example.com:9000", plan.No, ""},
		{"flag naming AWS", Config{EndpointURL: "https://s3.eu-west-1.amazonaws.com"}, nil, "https://s3.eu-west-1.amazonaws.com", plan.Yes, ""},
		{"environment naming AWS", Config{Region: "eu-west-1"}, map[string]string{"AWS_ENDPOINT_URL_S3": "https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com"}, "", plan.Yes, ""},
		{"flag naming AWS, dual-stack, own roots", Config{EndpointURL: "https://s3.dualstack.eu-west-1.amazonaws.com", CABundle: bundle}, nil, "", plan.Unknown, ""},
		{"flag naming AWS, of another Region", Config{Region: "us-east-1", EndpointURL: "https://s3-fips.us-west-2.amazonaws.com"}, nil, "", 0, WrongRegion},
		{"flag naming AWS, without TLS", Config{EndpointURL: "http://s3.eu-west-1.amazonaws.com", AllowHTTP: true}, nil, "", plan.No, ""},
		{"flag naming AWS, another port", Config{EndpointURL: "https://s3.eu-west-1.amazonaws.com:8443"}, nil, "", plan.No, ""},
		{"flag naming a load balancer", Config{EndpointURL: "https://s3.eu-west-1.elb.amazonaws.com"}, nil, "", plan.No, ""},
		{"environment", Config{}, map[string]string{"AWS_ENDPOINT_URL": "https://all.example.com"}, "https://all.example.com", plan.No, ""},
		{"environment, S3", Config{}, map[string]string{"AWS_ENDPOINT_URL_S3": "https://s3.example.com"}, "https://s3.example.com", plan.No, ""},
		{"profile", Config{Profile: "lab"}, map[string]string{"AWS_CONFIG_FILE": profile}, "https://lab.example.com", plan.No, ""},
		{"flag before environment", Config{EndpointURL: "https://flag.example.com"}, map[string]string{"AWS_ENDPOINT_URL_S3": "https://s3.example.com"}, "https://flag.example.com", plan.No, ""},
		{"loopback without TLS", Config{EndpointURL: "http://127.0.0.1:9000"}, nil, "http://127.0.0.1:9000", plan.No, ""},
		{"loopback by name", Config{EndpointURL: "http://localhost:9000"}, nil, "", plan.No, ""},
		{"loopback IPv6", Config{EndpointURL: "http://[::1]:9000"}, nil, "", plan.No, ""},
		{"without TLS", Config{EndpointURL: "http://minio.example.com"}, nil, "", 0, PlainHTTP},
		{"without TLS, allowed", Config{EndpointURL: "http://minio.example.com", AllowHTTP: true}, nil, "", plan.No, ""},
		{"without TLS, environment", Config{}, map[string]string{"AWS_ENDPOINT_URL_S3": "http://10.0.0.7"}, "", 0, PlainHTTP},
		{"without TLS, only KMS", Config{}, map[string]string{"AWS_ENDPOINT_URL_KMS": "http://10.0.0.7"}, "", 0, PlainHTTP},
		{"looks like loopback", Config{EndpointURL: "http://127.0.0.1.example.com"}, nil, "", 0, PlainHTTP},
		{"no scheme", Config{EndpointURL: "minio.example.com:9000"}, nil, "", 0, BadEndpoint},
		{"credentials in it", Config{EndpointURL: "https://user:s3cret@minio.example.com"}, nil, "", 0, BadEndpoint},
		{"query", Config{EndpointURL: "https://minio.example.com/?token=s3cret"}, nil, "", 0, BadEndpoint},
		{"no such profile", Config{Profile: "none"}, map[string]string{"AWS_CONFIG_FILE": profile}, "", 0, BadConfig},
		{"no such bundle", Config{CABundle: "testdata/none.pem"}, nil, "", 0, BadBundle},
		{"odd Region", Config{Region: "evil.com/#"}, nil, "", 0, BadConfig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hermetic(t)
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			c, err := New(t.Context(), tt.config)
			if KindOf(err) != tt.kind || (err != nil) != (tt.kind != "") {
				t.Fatalf("New = %v (%s), want %q", err, KindOf(err), tt.kind)
			}
			if err != nil {
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("a secret in %q", err)
				}
				return
			}
			e := c.Endpoint()
			if e.AWS != tt.aws || tt.url != "" && e.URL != tt.url {
				t.Errorf("endpoint = %+v, want %q, AWS %v", e, tt.url, tt.aws)
			}
			if path := c.tasks.Options().UsePathStyle; path != (tt.aws == plan.No) {
				t.Errorf("path style %v for %s", path, e.URL)
			}
		})
	}
}

// certificate returns a certificate as PEM, good for nothing.
func certificate(t *testing.T) []byte {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// An endpoint of S3 speaks for S3 only; other services are where their own
// variables say, else where all of them are said to be.
func TestServiceEndpoints(t *testing.T) {
	const vpce, lab, kms = "https://bucket.vpce-1a2b3c4d-5e6f.s3.eu-west-1.vpce.amazonaws.com", "https://lab.example.com", "https://vpce-9f-8e.kms.eu-west-1.vpce.amazonaws.com"
	for _, tt := range []struct {
		name     string
		flag     string
		env      map[string]string
		kms, sts string // "" for AWS's own
	}{
		{"none", "", nil, "", ""},
		{"flag, S3", vpce, nil, "", ""},
		{"environment, S3 for all", "", map[string]string{"AWS_ENDPOINT_URL": vpce}, "", ""},
		{"flag, S3, and KMS of its own", vpce, map[string]string{"AWS_ENDPOINT_URL_KMS": kms}, kms, ""},
		{"flag, another server", lab, nil, lab, lab},
		{"flag, another server, and KMS of its own", lab, map[string]string{"AWS_ENDPOINT_URL_KMS": kms}, kms, lab},
		{"environment, another server", "", map[string]string{"AWS_ENDPOINT_URL": lab}, lab, lab},
		{"all and one of its own", vpce, map[string]string{"AWS_ENDPOINT_URL": lab, "AWS_ENDPOINT_URL_STS": kms}, "", kms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hermetic(t)
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			c, err := New(t.Context(), Config{Region: "eu-west-1", EndpointURL: tt.flag})
			if err != nil {
				t.Fatal(err)
			}
			if got := value(c.kms.Options().BaseEndpoint); got != tt.kms {
				t.Errorf("KMS at %q, want %q", got, tt.kms)
			}
			if got := value(c.sts.Options().BaseEndpoint); got != tt.sts {
				t.Errorf("STS at %q, want %q", got, tt.sts)
			}
		})
	}
}

// Credentials meant for another S3 never go to AWS's other services.
func TestOtherServicesAreNotAskedWithForeignCredentials(t *testing.T) {
	hermetic(t)
	t.Setenv("AWS_ENDPOINT_URL_S3", "https://minio.example.com")
	c, err := New(t.Context(), Config{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Key(t.Context(), "k"); KindOf(err) != KeyUnchecked {
		t.Errorf("Key: %v, want %s", err, KeyUnchecked)
	}
	if _, err := c.Quota(t.Context()); KindOf(err) != QuotaUnknown {
		t.Errorf("Quota: %v, want %s", err, QuotaUnknown)
	}
	if _, err := c.Identity(t.Context()); KindOf(err) != Unsupported {
		t.Errorf("Identity: %v, want %s", err, Unsupported)
	}
}

func TestNoCredentialsIsFatal(t *testing.T) {
	hermetic(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	c, err := New(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Facts(t.Context(), bucket); KindOf(err) != NoCredentials {
		t.Errorf("Facts: %v (%s), want %s", err, KindOf(err), NoCredentials)
	}
	if _, err := c.Identity(t.Context()); KindOf(err) != NoCredentials {
		t.Errorf("Identity: %v (%s), want %s", err, KindOf(err), NoCredentials)
	}
}

func TestRewriterRefusesWhatCannotWork(t *testing.T) {
	hermetic(t)
	c, err := New(t.Context(), Config{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*plan.Options)
		kind   SetupKind
	}{
		{"good", func(*plan.Options) {}, ""},
		{"no bucket", func(o *plan.Options) { o.Bucket = "" }, NoBucket},
		{"no key", func(o *plan.Options) { o.KMSKeyID = "" }, KeyUnknown},
		{"alias", func(o *plan.Options) { o.KMSKeyID = "alias/films" }, KeyNotFull},
		{"alias ARN", func(o *plan.Options) { o.KMSKeyID = "arn:aws:kms:eu-west-1:111122223333:alias/films" }, KeyNotFull},
		{"bare id to copy", func(o *plan.Options) { o.KMSKeyID = "films" }, ""},
		{"bare id to update", func(o *plan.Options) { o.KMSKeyID, o.Method = "films", plan.MethodUpdate }, KeyNotFull},
		{"dual layer", func(o *plan.Options) { o.SSE = "aws:kms:dsse" }, Unsupported},
	} {
		o := anOptions()
		tt.change(&o)
		if _, err := c.Rewriter(RewriteConfig{Options: o, Facts: aFacts()}); KindOf(err) != tt.kind || (err != nil) != (tt.kind != "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.kind)
		}
	}
}

// With as many requests in flight as connections are kept idle, none is dialled
// twice. The SDK's own transport keeps ten, and dials the rest anew each time.
func TestConnectionsAreKept(t *testing.T) {
	t.Run("short path", func(t *testing.T) { testConnectionsAreKept(t, false) })
	t.Run("SDK client", func(t *testing.T) { testConnectionsAreKept(t, true) })
}

func testConnectionsAreKept(t *testing.T, sdkClient bool) {
	const inFlight, rounds = 256, 4
	var opened atomic.Int64
	var mu sync.Mutex
	waiting, release := 0, make(chan struct{})
	s := &server{}
	handler := s.handler(func(request) reply { return copied(nil) })
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock() // all of a round are in flight before any is answered
		waiting++
		turn := release
		if waiting == inFlight {
			waiting, release = 0, make(chan struct{})
			close(turn)
		}
		mu.Unlock()
		select {
		case <-turn:
		case <-r.Context().Done():
		}
		handler.ServeHTTP(w, r)
	}))
	ts.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	ts.EnableHTTP2 = true // offered, and not taken: one connection for all would be too few
	ts.StartTLS()
	t.Cleanup(ts.Close)
	hermetic(t)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ts.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(t.Context(), Config{EndpointURL: ts.URL, CABundle: bundle, Concurrency: inFlight, SDKClient: sdkClient})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	rc := RewriteConfig{Options: anOptions(), Facts: aFacts()}
	r := rewriter(t, c, rc)
	if short := r.slim != nil; short == sdkClient {
		t.Fatalf("short path %v, although SDKClient is %v", short, sdkClient)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for round := range rounds {
		var all sync.WaitGroup
		for i := range inFlight {
			task := decide(t, rc, aRecord(fmt.Sprint(round, "/", i)), nil)
			all.Go(func() {
				if _, err := r.Rewrite(ctx, task, &gate{}); err != nil {
					t.Errorf("Rewrite: %v", err)
					cancel() // the others would wait for this one
				}
			})
		}
		all.Wait()
	}
	// A few more than in flight are dialled by net/http where a connection comes back while another is on its way.
	most := int64(inFlight)
	if sdkClient {
		most += inFlight / 4
	}
	if got := opened.Load(); got < inFlight || got > most {
		t.Errorf("%d connections for %d requests, %d at a time; want %d to %d", got, inFlight*rounds, inFlight, inFlight, most)
	}
	if protocol := c.aws.HTTPClient.(*http.Client).Transport.(*pool).TLSClientConfig; protocol.ClientSessionCache == nil || protocol.MinVersion < tls.VersionTLS12 {
		t.Errorf("TLS: sessions are not kept, or old versions are allowed: %+v", protocol)
	}
}
