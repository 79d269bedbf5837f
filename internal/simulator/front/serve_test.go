package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/simulator"
)

const (
	testKey    = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
	testBucket = "acme-media"
)

// rig is a front that serves over TLS on this machine, and what a client needs
// to reach it.
type rig struct {
	front  *Front
	url    string
	cert   *Certificate
	client *http.Client
}

// newRig serves a fresh world with one key and one bucket until the test ends.
func newRig(t testing.TB, wc simulator.Config, fc Config) *rig {
	t.Helper()
	wc.Region = "eu-west-1"
	w := simulator.New(wc)
	if err := w.CreateKey(simulator.Key{ARN: testKey, Created: signTime}); err != nil {
		t.Fatal(err)
	}
	in := &simulator.CreateBucketInput{Request: simulator.Request{Bucket: testBucket}}
	if err := w.CreateBucket(time.Now(), in); err != nil {
		t.Fatal(err)
	}
	if fc.Identities == nil {
		fc.Identities = []Identity{longLived}
	}
	fc.Region = "eu-west-1"
	f, err := New(w, fc)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{front: f}
	if r.cert, err = NewCertificate(time.Now(), "127.0.0.1", "localhost", "*.localhost"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.url = "https://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.ServeTLS(ctx, l, r.cert) }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(r.cert.PEM)
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: 256,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) { // also bucket.localhost, which has no address
			var d net.Dialer
			return d.DialContext(ctx, network, l.Addr().String())
		},
	}
	r.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return r
}

// s3 gives the SDK's client for an identity, without retries of its own.
func (r *rig) s3(id Identity, options ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		Region:           "eu-west-1",
		BaseEndpoint:     aws.String(r.url),
		UsePathStyle:     true,
		HTTPClient:       r.client,
		Credentials:      credentials.NewStaticCredentialsProvider(id.AccessKeyID, id.SecretKey, id.SessionToken),
		RetryMaxAttempts: 1,
	}, options...)
}
