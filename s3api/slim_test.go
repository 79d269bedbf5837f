package s3api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/http1"
)

// lab is a client whose requests end in a function.
func lab(t testing.TB, region, endpoint string, creds aws.Credentials, send func(*http.Request) (*http.Response, error)) (*s3.Client, *slim) {
	t.Helper()
	for name, value := range map[string]string{"AWS_CONFIG_FILE": "testdata/none", "AWS_SHARED_CREDENTIALS_FILE": "testdata/none",
		"AWS_PROFILE": "", "AWS_CA_BUNDLE": "", "AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": "", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	c, err := New(context.Background(), Config{Region: region, EndpointURL: endpoint, Product: "reseal/test"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.aws.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
	host := newPeer("lab")
	checked := tripper(func(r *http.Request) (*http.Response, error) {
		sent := time.Now()
		response, err := send(r)
		if err == nil {
			if err = host.checkResponse(r, response, sent); err != nil {
				return nil, err
			}
		}
		return response, err
	})
	cfg.HTTPClient = &http.Client{Transport: checked, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	again, err := build(c.config, cfg, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	s := again.newSlim(bucket)
	if s == nil {
		t.Fatal("no slim")
	}
	s.send, s.peer = tripper(send), host
	return again.tasks, s
}

// overHTTP1Pipes has s send over connections of its own, at whose ends send answers.
func overHTTP1Pipes(t testing.TB, s *slim, send func(*http.Request) (*http.Response, error)) {
	serve := func(c net.Conn) {
		defer c.Close()
		for in := bufio.NewReader(c); ; {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if r.Method == http.MethodPut {
				if r.Header.Get("Content-Length") == "" {
					return
				}
				r.Header.Del("Content-Length") // which net/http adds, too
			}
			r.URL.Scheme, r.URL.Host = s.scheme, s.address
			response, err := send(r)
			if err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 %d %s\r\n", response.StatusCode, response.Status)
			for name, values := range response.Header {
				if name != "Content-Length" || r.Method == http.MethodHead {
					fmt.Fprintf(c, "%s: %s\r\n", name, values[0])
				}
			}
			if r.Method == http.MethodHead || response.StatusCode == http.StatusNoContent {
				_, err = io.WriteString(c, "\r\n")
			} else {
				fmt.Fprintf(c, "Content-Length: %d\r\n\r\n", response.ContentLength)
				_, err = io.Copy(c, response.Body)
			}
			if err != nil {
				return
			}
		}
	}
	var all sync.WaitGroup
	c := http1.New(&http.Transport{MaxIdleConnsPerHost: 8, DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		all.Go(func() { serve(theirs) })
		return ours, nil
	}}, &url.URL{Scheme: "http", Host: "s3.example.com"})
	t.Cleanup(func() { c.CloseIdleConnections(); all.Wait() })
	s.http1 = c
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// recorder keeps the last request, with its body, and answers it.
type recorder struct {
	last   *http.Request
	answer func() *http.Response
}

func (rec *recorder) send(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	rec.last = r
	return rec.answer(), nil
}

// bodyOf returns what a recorded request had for a body.
func bodyOf(t *testing.T, r *http.Request) string {
	if r.GetBody == nil {
		return ""
	}
	body, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// respond makes an answer.
func respond(status int, h http.Header, body string) func() *http.Response {
	return func() *http.Response {
		return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: h.Clone(), Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	}
}

// sdkOnly are headers that the SDK adds for its own statistics. S3 takes no
// notice of them, and slim does not send them.
func sdkOnly(name string) bool { return strings.HasPrefix(strings.ToLower(name), "amz-sdk-") }

// sameRequest checks that slim's request is the SDK's: method, address, path as
// it goes over the wire, headers but for sdkOnly; and that the SDK's signer
// makes slim's signature of it.
func sameRequest(t *testing.T, got, want *http.Request, creds aws.Credentials, region string) {
	t.Helper()
	host := func(r *http.Request) string {
		if r.Host != "" {
			return r.Host
		}
		return r.URL.Host
	}
	if got.Method != want.Method || got.URL.Scheme != want.URL.Scheme || got.URL.Host != want.URL.Host || host(got) != host(want) ||
		got.URL.RequestURI() != want.URL.RequestURI() {
		t.Errorf("request %s %s (Host %s) %s, want %s %s (Host %s) %s", got.Method, got.URL.Host, host(got), got.URL.RequestURI(),
			want.Method, want.URL.Host, host(want), want.URL.RequestURI())
	}
	body := bodyOf(t, got)
	if theirs := bodyOf(t, want); body != theirs || got.ContentLength != want.ContentLength {
		t.Errorf("body %q of %d bytes, want %q of %d", body, got.ContentLength, theirs, want.ContentLength)
	}
	for name, values := range want.Header {
		if sdkOnly(name) || name == "Authorization" || name == "X-Amz-Date" || name == "User-Agent" {
			continue
		}
		if got.RequestURI != "" { // off the wire, where net/http puts values trimmed
			values = []string{textproto.TrimString(values[0])}
		}
		if !slices.Equal(got.Header[name], values) {
			t.Errorf("header %s: %q, want %q", name, got.Header[name], values)
		}
	}
	for name := range got.Header {
		if _, ok := want.Header[name]; !ok {
			t.Errorf("header %s: %q, which the SDK does not send", name, got.Header[name])
		}
	}
	if got.RequestURI != "" && got.RequestURI != want.URL.RequestURI() {
		t.Errorf("on the wire %s, want %s", got.RequestURI, want.URL.RequestURI())
	}
	if got.UserAgent() != want.UserAgent() && got != want && want.Header.Get("Amz-Sdk-Request") == "" {
		t.Errorf("User-Agent %q, want %q", got.UserAgent(), want.UserAgent())
	}
	at, err := time.Parse(signingTime, got.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatalf("X-Amz-Date: %v", err)
	}
	theirs := got.Clone(context.Background())
	theirs.Header.Del("Authorization")
	hash := sha256.Sum256([]byte(body))
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(context.Background(), creds, theirs, hex.EncodeToString(hash[:]), "s3", region, at); err != nil {
		t.Fatal(err)
	}
	if got, want := got.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
		t.Errorf("signature\n%s, want\n%s", got, want)
	}
}

const okCopy = xmlDeclaration + "\n" + `<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>2026-11-21T00:00:00.000Z</LastModified><ETag>&quot;abc&quot;</ETag><ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>`

// FuzzSlimRequest compares what slim sends with what the SDK sends.
func FuzzSlimRequest(f *testing.F) {
	f.Add("a/b c+%2F?é#.txt", "e-tag", "", "arn:aws:kms:eu-west-1:111122223333:key/k", "/x  y", "id=\"a\",  id=\"b\"", "v 1+/", "", byte(0))
	f.Add("/lead//slash/../dot/./", "x", strings.Repeat("T", 900)+"+/=", "key", " pad ", "", "null", "STANDARD_IA", byte(0xff))
	f.Add("k", "", "tok en", "", "", "", "", "GLACIER_IR", byte(0x55))
	f.Add("a\x00b\xff\n", "\t e  t ", "t", "ü", "\u00a0x\u00a0", "  a   b  ", "\u2028", "X", byte(0xaa))
	f.Fuzz(func(t *testing.T, key, etag, token, kms, redirect, grant, version, class string, bits byte) {
		if key == "" {
			return
		}
		region, endpoint := "eu-west-1", ""
		switch {
		case bits&1 != 0:
			endpoint = "https://127.0.0.1:9000/base"
		case bits&2 != 0:
			endpoint = "https://s3.example.com:443"
		}
		creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: strings.Repeat("secret/+", 1+int(bits>>5)*4), SessionToken: token}
		rec := &recorder{answer: respond(200, http.Header{}, okCopy)}
		sdk, s := lab(t, region, endpoint, creds, rec.send)
		name, source := bucket, copySource(bucket, key, "")
		in := &s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source, CopySourceIfMatch: quoted(etag), IfMatch: quoted(etag),
			MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
			ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: optional(kms), WebsiteRedirectLocation: &redirect,
			GrantRead: optional(grant), GrantFullControl: &grant, StorageClass: types.StorageClass(class)}
		if bits&4 != 0 {
			on, when, days := bits&8 != 0, time.Unix(int64(bits)*1e8, int64(bits)*1e6), int32(bits)
			in.BucketKeyEnabled, in.ObjectLockRetainUntilDate, in.ObjectLockEventHoldDurationDays = &on, &when, &days
			in.ExpectedBucketOwner, in.RequestPayer, in.ChecksumAlgorithm = &etag, types.RequestPayerRequester, types.ChecksumAlgorithmSha256
		}
		via := s.http1
		overHTTP1Pipes(t, s, rec.send)
		direct := s.http1
		both := func(send func() error, theirs func() error) {
			t.Helper()
			var got []*http.Request
			for _, s.http1 = range []*http1.Client{via, direct} {
				if err := send(); err != nil {
					t.Fatalf("slim: %v", err)
				}
				got = append(got, rec.last)
			}
			if err := theirs(); err != nil {
				t.Fatalf("SDK: %v", err)
			}
			for _, r := range got {
				sameRequest(t, r, rec.last, creds, region)
			}
		}
		copies := func(o objects) func() error {
			return func() error { _, err := o.CopyObject(context.Background(), in); return err }
		}
		both(copies(s), copies(sdk))

		head := &s3.HeadObjectInput{Bucket: &name, Key: &key, VersionId: optional(version)}
		if bits&16 != 0 {
			head.ChecksumMode, head.ExpectedBucketOwner = types.ChecksumModeEnabled, &etag
		}
		rec.answer = respond(200, http.Header{"Etag": {`"abc"`}}, "")
		looks := func(o objects) func() error {
			return func() error { _, err := o.HeadObject(context.Background(), head); return err }
		}
		both(looks(s), looks(sdk))

		on := bits&8 != 0
		update := &s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &key, VersionId: optional(version), ExpectedBucketOwner: head.ExpectedBucketOwner,
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &kms, BucketKeyEnabled: &on}}}
		rec.answer = respond(200, http.Header{}, "")
		updates := func(o objects) func() error {
			return func() error { _, err := o.UpdateObjectEncryption(context.Background(), update); return err }
		}
		if s.orderFor(kms, on) != nil { // else the SDK sends it
			both(updates(s), updates(sdk))
		}
	})
}

// Each member of the inputs, set alone, makes the same request on both paths:
// a member that slim forgot, or that a later SDK adds, fails here.
func TestSlimSendsEveryMember(t *testing.T) {
	creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}
	rec := &recorder{answer: respond(200, http.Header{"Etag": {`"abc"`}}, okCopy)}
	sdk, s := lab(t, "eu-west-1", "", creds, rec.send)
	name, key, source := bucket, "a/key", bucket+"/a/key"
	set := func(v reflect.Value, i int) {
		when, no := time.Unix(2_000_000_000, 0), "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
		f := v.Elem().Field(i)
		switch f.Interface().(type) {
		case *string:
			f.Set(reflect.ValueOf(&no))
		case *bool:
			f.Set(reflect.ValueOf(aws.Bool(true)))
		case *int32:
			f.Set(reflect.ValueOf(aws.Int32(7)))
		case *time.Time:
			f.Set(reflect.ValueOf(&when))
		case map[string]string:
			f.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		case types.ChecksumAlgorithm:
			f.SetString(string(types.ChecksumAlgorithmSha256)) // the SDK knows which there are
		case types.ObjectEncryption:
			f.Set(reflect.ValueOf(&types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN), BucketKeyEnabled: aws.Bool(false)}}))
		default:
			if f.Kind() != reflect.String {
				t.Fatalf("member %s has type %s, which this test cannot set", v.Elem().Type().Field(i).Name, f.Type())
			}
			f.SetString("VALUE")
		}
	}
	members := func(make func() reflect.Value, send func(reflect.Value, objects) error) {
		v := make()
		for i := range v.Elem().NumField() {
			field := v.Elem().Type().Field(i)
			if !field.IsExported() || field.Name == "Bucket" || field.Name == "Key" {
				continue
			}
			t.Run(v.Elem().Type().Name()+"/"+field.Name, func(t *testing.T) {
				in := make()
				set(in, i)
				if err := send(in, s); err != nil {
					t.Fatalf("slim: %v", err)
				}
				got := rec.last
				if err := send(in, sdk); err != nil {
					t.Fatalf("SDK: %v", err)
				}
				if got.Header.Get("Amz-Sdk-Request") != "" {
					got.Header.Del("Amz-Sdk-Invocation-Id") // the SDK sent it: it only has to be the same
					return
				}
				sameRequest(t, got, rec.last, creds, "eu-west-1")
			})
		}
	}
	members(func() reflect.Value {
		return reflect.ValueOf(&s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source})
	}, func(v reflect.Value, o objects) error {
		_, err := o.CopyObject(context.Background(), v.Interface().(*s3.CopyObjectInput))
		return err
	})
	members(func() reflect.Value {
		return reflect.ValueOf(&s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &key,
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN), BucketKeyEnabled: aws.Bool(true)}}})
	}, func(v reflect.Value, o objects) error {
		_, err := o.UpdateObjectEncryption(context.Background(), v.Interface().(*s3.UpdateObjectEncryptionInput))
		return err
	})
	members(func() reflect.Value { return reflect.ValueOf(&s3.HeadObjectInput{Bucket: &name, Key: &key}) },
		func(v reflect.Value, o objects) error {
			_, err := o.HeadObject(context.Background(), v.Interface().(*s3.HeadObjectInput))
			return err
		})
}

// An update is slim's own if the wanted encryption is plain, else the SDK's.
func TestSlimLeavesUnusualUpdatesToTheSDK(t *testing.T) {
	rec := &recorder{answer: respond(200, http.Header{}, "")}
	sdk, s := lab(t, "eu-west-1", "", aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, rec.send)
	name, key := bucket, "k"
	for _, tt := range []struct {
		what string
		sse  *types.SSEKMSEncryption
		slim bool
	}{
		{"a key ARN", &types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN), BucketKeyEnabled: aws.Bool(true)}, true},
		{"another, bucket key off", &types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN + "x"), BucketKeyEnabled: aws.Bool(false)}, true},
		{"the first again", &types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN), BucketKeyEnabled: aws.Bool(true)}, true},
		{"a key that XML escapes", &types.SSEKMSEncryption{KMSKeyArn: aws.String("a<b&c"), BucketKeyEnabled: aws.Bool(true)}, false},
		{"no word on the bucket key", &types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN)}, false},
		{"no key", &types.SSEKMSEncryption{BucketKeyEnabled: aws.Bool(true)}, false},
	} {
		in := &s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &key, ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: *tt.sse}}
		rec.last = nil
		_, err := s.UpdateObjectEncryption(t.Context(), in)
		if rec.last == nil {
			if _, theirs := sdk.UpdateObjectEncryption(t.Context(), in); err == nil || theirs == nil {
				t.Errorf("%s: nothing was sent, %v; by the SDK %v", tt.what, err, theirs)
			}
			continue
		}
		got := rec.last
		if own := got.Header.Get("Amz-Sdk-Request") == ""; own != tt.slim || err != nil {
			t.Errorf("%s: sent by slim %t, want %t; %v", tt.what, own, tt.slim, err)
		}
		if !tt.slim {
			continue
		}
		if _, err := sdk.UpdateObjectEncryption(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		sameRequest(t, got, rec.last, aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, "eu-west-1")
	}
}

// Where there is no answer, the error means the same on both paths.
func TestSlimWithoutAnswer(t *testing.T) {
	cause := errors.New("connection reset by peer")
	sdk, s := lab(t, "eu-west-1", "", aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"},
		func(*http.Request) (*http.Response, error) { return nil, cause })
	name, source := bucket, bucket+"/k"
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		key  string
	}{{"reset", t.Context(), "k"}, {"ended", ended, "k"}, {"no key", t.Context(), ""}} {
		var faults []fault
		for _, o := range []objects{s, sdk} {
			_, err := o.CopyObject(tt.ctx, &s3.CopyObjectInput{Bucket: &name, Key: &tt.key, CopySource: &source})
			if err == nil {
				t.Fatalf("%s: no error", tt.name)
			}
			faults = append(faults, answerOf(err).fault)
		}
		if faults[0] != faults[1] || faults[0] == faultNone {
			t.Errorf("%s: fault %d, the SDK's is %d", tt.name, faults[0], faults[1])
		}
	}
}

// A clock that is wrong is corrected by the first answer.
func TestSlimCorrectsItsClock(t *testing.T) {
	ahead := 3 * time.Hour
	rec := &recorder{}
	rec.answer = func() *http.Response {
		h := http.Header{"Date": {time.Now().Add(ahead).UTC().Format(http.TimeFormat)}, "Etag": {`"abc"`}}
		return respond(200, h, "")()
	}
	_, s := lab(t, "eu-west-1", "", aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, rec.send)
	name, key := bucket, "k"
	for i, want := range []time.Duration{0, ahead} {
		if _, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: &key}); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(signingTime, rec.last.Header.Get("X-Amz-Date"))
		if off := time.Until(at) - want; err != nil || off > time.Minute || off < -time.Minute {
			t.Errorf("request %d is signed for %s (%v), want %s from now", i, at, err, want)
		}
	}
}

// Credentials that were renewed sign the next request, with a key of their own.
func TestSlimTakesRenewedCredentials(t *testing.T) {
	rec := &recorder{answer: respond(200, http.Header{"Etag": {`"abc"`}}, "")}
	_, s := lab(t, "eu-west-1", "", aws.Credentials{}, rec.send)
	name, key := bucket, "k"
	for _, creds := range []aws.Credentials{
		{AccessKeyID: "A", SecretAccessKey: "one", SessionToken: "t1"}, {AccessKeyID: "A", SecretAccessKey: "two", SessionToken: "t2"}, {AccessKeyID: "B", SecretAccessKey: "two"},
	} {
		s.credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
		if _, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: &key}); err != nil {
			t.Fatal(err)
		}
		if got := rec.last.Header.Get("X-Amz-Security-Token"); got != creds.SessionToken {
			t.Errorf("session token %q, want %q", got, creds.SessionToken)
		}
		sameRequest(t, rec.last, rec.last, creds, "eu-west-1")
	}
}

// slimAllocations is what a CopyObject may allocate, with a transport that
// allocates little itself: headers, URL, request and output.
const slimAllocations = 40

// http1Allocations is the same for connections of its own, and so all there is.
const http1Allocations = 9

func TestSlimAllocations(t *testing.T) {
	name, key, source, arn, on := bucket, "a/long/enough/key.jpg", bucket+"/a/long/enough/key.jpg", keyARN, true
	in := &s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source, CopySourceIfMatch: quoted(etag), IfMatch: quoted(etag),
		MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy, StorageClass: types.StorageClassStandardIa,
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &arn, BucketKeyEnabled: &on}
	update := anUpdate()
	for _, tt := range []struct {
		name   string
		answer string
		end    string // of a request
		http1  bool
		most   float64
		send   func(s *slim) error
	}{
		{"CopyObject over net/http", okCopy, "", false, slimAllocations, func(s *slim) error { _, err := s.CopyObject(context.Background(), in); return err }},
		{"CopyObject", okCopy, "\r\n\r\n", true, http1Allocations, func(s *slim) error { _, err := s.CopyObject(context.Background(), in); return err }},
		{"UpdateObjectEncryption", "", "</ObjectEncryption>", true, http1Allocations, func(s *slim) error { _, err := s.UpdateObjectEncryption(context.Background(), update); return err }},
	} {
		answer := respond(200, http.Header{"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Request-Id": {"R"}}, tt.answer)()
		_, s := lab(t, "eu-west-1", "", aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", SessionToken: strings.Repeat("t", 900)},
			func(*http.Request) (*http.Response, error) {
				answer.Body = io.NopCloser(strings.NewReader(tt.answer))
				return answer, nil
			})
		if s.http1 = nil; tt.http1 {
			reply := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nx-amz-server-side-encryption: aws:kms\r\nx-amz-request-id: R\r\nContent-Length: %d\r\n\r\n%s", len(tt.answer), tt.answer)
			address := answering(t, func(c net.Conn, in *bufio.Reader) {
				b := make([]byte, 8<<10)
				for { // no request is longer than what one read gives: nothing is allocated on this side
					if n, err := in.Read(b); err != nil || !bytes.HasSuffix(b[:n], []byte(tt.end)) {
						return
					}
					if _, err := c.Write(reply); err != nil {
						return
					}
				}
			})
			s.http1 = overHTTP1(t, newTransport(4).GetTransport(), address)
		}
		got := testing.AllocsPerRun(200, func() {
			if err := tt.send(s); err != nil {
				t.Fatal(err)
			}
		})
		if raced {
			tt.most += 12
		}
		if got > tt.most {
			t.Errorf("%s: %v allocations, at most %v are allowed", tt.name, got, tt.most)
		}
		t.Logf("%s: %v allocations", tt.name, got)
	}
}
