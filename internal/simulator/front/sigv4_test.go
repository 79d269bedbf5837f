package front

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

var signTime = time.Date(2026, 11, 21, 23, 59, 50, 0, time.UTC)

var (
	longLived = Identity{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		AccountID: "111122223333", ARN: "arn:aws:iam::111122223333:user/ann"}
	session = Identity{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret/with+odd=chars", SessionToken: "token/with+odd=chars" + strings.Repeat("x", 800),
		AccountID: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/r/s", Expires: signTime.Add(time.Hour)}
)

func credentialsOf(id Identity) aws.Credentials {
	return aws.Credentials{AccessKeyID: id.AccessKeyID, SecretAccessKey: id.SecretKey, SessionToken: id.SessionToken}
}

func testVerifier(t testing.TB, now time.Time) *verifier {
	t.Helper()
	keys, err := newKeyring([]Identity{longLived, session})
	if err != nil {
		t.Fatal(err)
	}
	return &verifier{keys: keys, region: "eu-west-1", now: func() time.Time { return now }}
}

// s3Signer is the SDK's signer as the SDK's S3 client sets it up.
func s3Signer() *v4.Signer {
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
}

func newRequest(t testing.TB, method, key, rawQuery, body string) *http.Request {
	t.Helper()
	path := "/bucket/" + key
	r, err := http.NewRequest(method, "http://127.0.0.1:9000/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.URL = &url.URL{Scheme: "http", Host: "127.0.0.1:9000", Path: path, RawPath: httpbinding.EscapePath(path, false), RawQuery: rawQuery}
	return r
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func sign(t testing.TB, r *http.Request, id Identity, hash string) {
	t.Helper()
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if err := s3Signer().SignHTTP(context.Background(), credentialsOf(id), r, hash, "s3", "eu-west-1", signTime); err != nil {
		t.Fatal(err)
	}
}

// received gives r as a server's net/http reads it off the wire.
func received(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("write request: %v", err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("read request: %v", err)
	}
	return got
}

func verifyReceived(v *verifier, r *http.Request) (*signer, *wireError) {
	rawPath, rawQuery, _ := strings.Cut(r.RequestURI, "?")
	q, err := parseQuery(rawQuery)
	if err != nil {
		return nil, newError(400, "InvalidURI", err.Error())
	}
	return v.verify(r, rawPath, q)
}

func code(werr *wireError) string {
	if werr == nil {
		return ""
	}
	return werr.code
}

var oddKeys = []string{
	"plain", "with space", "plus+plus", "100%", "%41", "%zz", "a//b", "/leading", "//two", "trailing/", "a/./b", "a/../b", "..", ".",
	"ünï/кот/猫/🐈", "~tilde*star'quote(paren)!", "semi;colon:at@amp&eq=hash#q?", "ctl\x01\x1f\x7f", "tab\there", "nl\nhere",
	`back\slash`, "bad\xff\xfeutf8", "a=b&c=d", "\u0301combining", strings.Repeat("k", 1024),
}

func TestVerifySDKHeaderSignature(t *testing.T) {
	for _, id := range []Identity{longLived, session} {
		for _, key := range oddKeys {
			for _, rawQuery := range []string{"", "x-id=CopyObject", "tagging", "prefix=a%2Fb%20c%2B&list-type=2&versionId=null", "a=2&a=1&a-=%7E"} {
				r := newRequest(t, "PUT", key, rawQuery, "body")
				r.Header.Set("X-Amz-Meta-Spaces", "  a   b\tc  ")
				r.Header["X-Amz-Meta-Twice"] = []string{"one", "two, three"}
				r.Header.Set("X-Amz-Meta-Utf8", "ünï")
				r.Header.Set("X-Amz-Copy-Source", "bucket/a%20b")
				sign(t, r, id, hashOf("body"))
				got, werr := verifyReceived(testVerifier(t, signTime), received(t, r))
				if werr != nil {
					t.Fatalf("key %q query %q: %v", key, rawQuery, werr)
				}
				if got.identity.ARN != id.ARN || got.payloadHash != hashOf("body") || got.service != "s3" {
					t.Fatalf("key %q: signer %+v, want identity %s", key, got, id.ARN)
				}
			}
		}
	}
}

func TestVerifySDKPresignedURL(t *testing.T) {
	for _, id := range []Identity{longLived, session} {
		for _, key := range oddKeys {
			r := newRequest(t, "GET", key, "X-Amz-Expires=600&versionId=null", "")
			signed, header, err := s3Signer().PresignHTTP(context.Background(), credentialsOf(id), r, payloadUnsigned, "s3", "eu-west-1", signTime)
			if err != nil {
				t.Fatal(err)
			}
			if r.URL, err = url.Parse(signed); err != nil {
				t.Fatal(err)
			}
			r.Header = header
			got, werr := verifyReceived(testVerifier(t, signTime.Add(10*time.Minute)), received(t, r))
			if werr != nil || !got.presigned || got.payloadHash != payloadUnsigned {
				t.Fatalf("key %q: signer %+v, error %v", key, got, werr)
			}
			_, werr = verifyReceived(testVerifier(t, signTime.Add(10*time.Minute+time.Second)), received(t, r))
			if code(werr) != "AccessDenied" || werr.message != "Request has expired" {
				t.Fatalf("key %q a second too late: %v, want AccessDenied, Request has expired", key, werr)
			}
		}
	}
}

// TestVerifyRefuses changes one thing of a good request after it was signed.
func TestVerifyRefuses(t *testing.T) {
	tests := []struct {
		name   string
		id     Identity
		change func(r *http.Request)
		now    time.Time
		want   string
	}{
		{name: "nothing", change: func(*http.Request) {}},
		{name: "method", change: func(r *http.Request) { r.Method = "DELETE" }, want: "SignatureDoesNotMatch"},
		{name: "path", change: func(r *http.Request) { r.URL.Path += "x"; r.URL.RawPath += "x" }, want: "SignatureDoesNotMatch"},
		{name: "cleaned path", change: func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/bucket/a/b", "" }, want: "SignatureDoesNotMatch"},
		{name: "query", change: func(r *http.Request) { r.URL.RawQuery = "versionId=2" }, want: "SignatureDoesNotMatch"},
		{name: "further query", change: func(r *http.Request) { r.URL.RawQuery += "&acl" }, want: "SignatureDoesNotMatch"},
		{name: "signed header", change: func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "2") }, want: "SignatureDoesNotMatch"},
		{name: "host", change: func(r *http.Request) { r.Host = "evil" }, want: "SignatureDoesNotMatch"},
		{name: "payload hash", change: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", payloadUnsigned) }, want: "SignatureDoesNotMatch"},
		{name: "no payload hash", change: func(r *http.Request) { r.Header.Del("X-Amz-Content-Sha256") }, want: "InvalidRequest"},
		{name: "odd payload hash", change: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "é") }, want: "InvalidArgument"},
		{name: "added amz header", change: func(r *http.Request) { r.Header.Set("X-Amz-Acl", "public-read") }, want: "AccessDenied"},
		{name: "added other header", change: func(r *http.Request) { r.Header.Set("X-Other", "x") }},
		{name: "date", change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20261121T235951Z") }, want: "SignatureDoesNotMatch"},
		{name: "other day", change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20261122T000001Z") }, want: "AuthorizationHeaderMalformed"},
		{name: "no date", change: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want: "AccessDenied"},
		{name: "slow clock", change: func(*http.Request) {}, now: signTime.Add(15*time.Minute + time.Second), want: "RequestTimeTooSkewed"},
		{name: "slow clock, just good", change: func(*http.Request) {}, now: signTime.Add(15 * time.Minute)},
		{name: "fast clock", change: func(*http.Request) {}, now: signTime.Add(-15*time.Minute - time.Second), want: "RequestTimeTooSkewed"},
		{name: "unknown key", change: replaceAuth("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"), want: "InvalidAccessKeyId"},
		{name: "region", change: replaceAuth("eu-west-1", "eu-west-2"), want: "AuthorizationHeaderMalformed"},
		{name: "service", change: replaceAuth("/s3/", "/kms/"), want: "SignatureDoesNotMatch"},
		{name: "unknown service", change: replaceAuth("/s3/", "/ec2/"), want: "AuthorizationHeaderMalformed"},
		{name: "terminator", change: replaceAuth("aws4_request", "aws5_request"), want: "AuthorizationHeaderMalformed"},
		{name: "algorithm", change: replaceAuth("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), want: "InvalidRequest"},
		{name: "no signature", change: replaceAuth("Signature=", "Sig="), want: "AuthorizationHeaderMalformed"},
		{name: "host not signed", change: replaceAuth(";host;", ";"), want: "AccessDenied"},
		{name: "signature not hex", change: replaceAuth("Signature=", "Signature=z"), want: "SignatureDoesNotMatch"},
		{name: "both mechanisms", change: func(r *http.Request) { r.URL.RawQuery += "&X-Amz-Algorithm=AWS4-HMAC-SHA256" }, want: "InvalidArgument"},
		{name: "session", id: session, change: func(*http.Request) {}},
		{name: "token", id: session, change: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }, want: "SignatureDoesNotMatch"},
		{name: "expired", id: session, change: func(*http.Request) {}, now: signTime.Add(time.Hour), want: "RequestTimeTooSkewed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, now := tt.id, tt.now
			if id.AccessKeyID == "" {
				id = longLived
			}
			if now.IsZero() {
				now = signTime
			}
			r := newRequest(t, "PUT", "a/../b", "versionId=1", "body")
			r.Header.Set("X-Amz-Meta-A", "1")
			sign(t, r, id, hashOf("body"))
			tt.change(r)
			_, werr := verifyReceived(testVerifier(t, now), received(t, r))
			if code(werr) != tt.want {
				t.Errorf("error %v, want code %q", werr, tt.want)
			}
		})
	}
}

func replaceAuth(from, to string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
}

func TestVerifyTokens(t *testing.T) {
	for _, tt := range []struct {
		token string
		now   time.Time
		want  string
	}{
		{session.SessionToken, signTime, ""},
		{"another", signTime, "InvalidToken"},
		{"", signTime, "InvalidToken"},
		{session.SessionToken, session.Expires, "ExpiredToken"},
	} {
		id := session
		id.SessionToken = tt.token
		r := newRequest(t, "GET", "k", "", "")
		r.Header.Set("X-Amz-Content-Sha256", emptyHash)
		if err := s3Signer().SignHTTP(context.Background(), credentialsOf(id), r, emptyHash, "s3", "eu-west-1", tt.now); err != nil {
			t.Fatal(err)
		}
		v := testVerifier(t, tt.now)
		if tt.now.Equal(session.Expires) {
			v.now = func() time.Time { return tt.now }
		}
		if _, werr := verifyReceived(v, received(t, r)); code(werr) != tt.want {
			t.Errorf("token %.8q at %s: %v, want %q", tt.token, tt.now, werr, tt.want)
		}
	}
}

func TestVerifyAnonymous(t *testing.T) {
	s, werr := verifyReceived(testVerifier(t, signTime), received(t, newRequest(t, "GET", "k", "", "")))
	if s != nil || werr != nil {
		t.Errorf("unsigned request: signer %v, error %v, want neither", s, werr)
	}
}

func TestVerifyOtherService(t *testing.T) {
	body := `{"KeyId":"x"}`
	r, _ := http.NewRequest("POST", "http://127.0.0.1:9000/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "TrentService.DescribeKey")
	signer := v4.NewSigner()
	if err := signer.SignHTTP(context.Background(), credentialsOf(longLived), r, hashOf(body), "kms", "eu-west-1", signTime); err != nil {
		t.Fatal(err)
	}
	got := received(t, r)
	if _, werr := verifyReceived(testVerifier(t, signTime), got); werr != nil {
		t.Fatal(werr)
	}
	if rest, err := io.ReadAll(got.Body); err != nil || string(rest) != body {
		t.Errorf("body after the check: %q, %v, want %q", rest, err, body)
	}
	r.Body = io.NopCloser(strings.NewReader(`{"KeyId":"y"}`))
	if _, werr := verifyReceived(testVerifier(t, signTime), received(t, r)); code(werr) != "SignatureDoesNotMatch" {
		t.Errorf("changed body: %v, want SignatureDoesNotMatch", werr)
	}
}

// FuzzVerify compares with the SDK's signer: what it signs is accepted, and no
// longer once the key or the header's value differ.
func FuzzVerify(f *testing.F) {
	for _, key := range oddKeys {
		f.Add(key, "x=1", "value")
	}
	f.Add("k", "a=b c&d=+&e=%", "  two  spaces ")
	v := testVerifier(f, signTime)
	f.Fuzz(func(t *testing.T, key, queryValue, header string) {
		if len(key) > 4096 || strings.ContainsFunc(header, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return
		}
		r := newRequest(t, "PUT", key, "q="+strings.ReplaceAll(url.QueryEscape(queryValue), "+", "%20"), "body")
		r.Header.Set("X-Amz-Meta-A", header)
		sign(t, r, longLived, hashOf("body"))
		if _, werr := verifyReceived(v, received(t, r)); werr != nil {
			t.Fatalf("key %q query %q header %q: %v", key, queryValue, header, werr)
		}
		r.URL.Path, r.URL.RawPath = r.URL.Path+"x", r.URL.RawPath+"x"
		r.Body, _ = r.GetBody()
		if _, werr := verifyReceived(v, received(t, r)); code(werr) != "SignatureDoesNotMatch" {
			t.Fatalf("key %q with another path: %v, want SignatureDoesNotMatch", key, werr)
		}
	})
}

// FuzzParseAuthorization feeds damaged claims: the answer must be an error or
// anonymous, since no fuzzer finds a signature.
func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20261121/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=1")
	f.Add("AWS4-HMAC-SHA256 Credential=////,,,;;=", "%")
	v := testVerifier(f, signTime)
	f.Fuzz(func(t *testing.T, header, rawQuery string) {
		r := &http.Request{Method: "GET", Host: "h", Header: http.Header{"Authorization": {header}, "X-Amz-Date": {"20261121T235950Z"}}, Body: http.NoBody}
		q, err := parseQuery(rawQuery)
		if err != nil {
			return
		}
		if s, _ := v.verify(r, "/bucket", q); s != nil {
			t.Fatalf("header %q query %q was accepted", header, rawQuery)
		}
	})
}

func TestSigningKeyCacheIsBounded(t *testing.T) {
	keys, err := newKeyring([]Identity{longLived})
	if err != nil {
		t.Fatal(err)
	}
	id := keys.identities[longLived.AccessKeyID]
	for i := range 10 * maxSigningKeys {
		keys.signingKey(id, signingScope{id.AccessKeyID, "20261121", strconv.Itoa(i), "s3"})
	}
	if n := len(keys.keys); n > maxSigningKeys {
		t.Errorf("%d derived keys kept, want at most %d", n, maxSigningKeys)
	}
	scope := signingScope{id.AccessKeyID, "20261121", "r", "s3"}
	if a, b := keys.signingKey(id, scope), keys.signingKey(id, scope); a != b {
		t.Error("the second use of a scope derived the key again")
	}
}

func BenchmarkVerify(b *testing.B) {
	v := testVerifier(b, signTime)
	r := newRequest(b, "PUT", "some/usual/key.jpg", "x-id=CopyObject", "")
	for _, name := range []string{"Copy-Source", "Copy-Source-If-Match", "Server-Side-Encryption", "Server-Side-Encryption-Aws-Kms-Key-Id", "Server-Side-Encryption-Bucket-Key-Enabled", "Storage-Class"} {
		r.Header.Set("X-Amz-"+name, "some value of usual length")
	}
	sign(b, r, session, emptyHash)
	got := received(b, r)
	rawPath, rawQuery, _ := strings.Cut(got.RequestURI, "?")
	b.ReportAllocs()
	for b.Loop() {
		q, _ := parseQuery(rawQuery)
		if _, werr := v.verify(got, rawPath, q); werr != nil {
			b.Fatal(werr)
		}
	}
}

func TestEscapeRoundTrip(t *testing.T) {
	for _, key := range oddKeys {
		for _, keepSlash := range []bool{true, false} {
			if got, err := unescape(string(appendEscaped(nil, key, keepSlash)), false); err != nil || got != key {
				t.Errorf("escape and unescape %q: %q, %v", key, got, err)
			}
		}
		if got, err := url.QueryUnescape(string(appendFormEscaped(nil, key))); err != nil || got != key {
			t.Errorf("form escape %q: %q, %v", key, got, err)
		}
	}
	for _, bad := range []string{"%", "%4", "a%zz", "%%41"} {
		if got, err := unescape(bad, false); err == nil {
			t.Errorf("unescape(%q) = %q, want an error", bad, got)
		}
	}
	if !slices.Equal(mustQuery(t, "a&b=&c=%20+&=x&&a=1"), query{{"a", ""}, {"b", ""}, {"c", "  "}, {"", "x"}, {"a", "1"}}) {
		t.Errorf("parseQuery: %v", mustQuery(t, "a&b=&c=%20+&=x&&a=1"))
	}
}

func mustQuery(t *testing.T, raw string) query {
	t.Helper()
	q, err := parseQuery(raw)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
