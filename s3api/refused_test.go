package s3api

import (
	"crypto/tls"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// HEAD has no body, so that a wrong secret looks like a missing permission: one GET
// tells them apart.
func TestRefusedHeadIsAskedWithABody(t *testing.T) {
	for name, tt := range map[string]struct {
		head int
		get  reply
		kind SetupKind
		says string
	}{
		"wrong secret":   {403, failure(403, "SignatureDoesNotMatch", "does not match"), BadCredential, "SignatureDoesNotMatch"},
		"unknown key id": {403, failure(403, "InvalidAccessKeyId", "does not exist"), BadCredential, "InvalidAccessKeyId"},
		"expired":        {400, failure(400, "ExpiredToken", "has expired"), BadCredential, "ExpiredToken"},
		"denied":         {403, failure(403, "AccessDenied", "no identity-based policy allows it"), AccessDenied, "no identity-based policy allows it"},
		"only the HEAD":  {403, reply{body: "<ListBucketResult/>"}, AccessDenied, "Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(r request) reply {
				if r.method == "HEAD" {
					return reply{status: tt.head}
				}
				return tt.get
			})
			_, err := client(t, s.URL).ForBucket(t.Context(), bucket)
			if KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v (%s), want %s with %q", err, KindOf(err), tt.kind, tt.says)
			}
			gets := 0
			for _, r := range s.requests() {
				if r.method == "GET" {
					gets++
				}
			}
			if gets != 1 {
				t.Errorf("%d GETs, want 1", gets)
			}
		})
	}
}

// A server that speaks TLS 1.1 at most answers, in its way: that is not "nothing
// answers".
func TestOldTLS(t *testing.T) {
	hermetic(t)
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	server.StartTLS()
	defer server.Close()
	_, err := client(t, server.URL).ForBucket(t.Context(), bucket)
	if KindOf(err) != OldTLS || !strings.Contains(err.Error(), "no TLS version in common") {
		t.Errorf("%v (%s), want %s", err, KindOf(err), OldTLS)
	}
}

// A CA bundle that cannot be used is no matter of profiles, by flag and by environment.
func TestUnusableCABundle(t *testing.T) {
	hermetic(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"empty.pem": "", "rubbish.pem": "hello\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, says := range map[string]string{"empty.pem": "no certificate", "rubbish.pem": "no certificate", "absent.pem": "no such file", ".": "is a folder"} {
		path := filepath.Join(dir, name)
		for _, byFlag := range []bool{true, false} {
			c := Config{EndpointURL: "http://127.0.0.1:9"}
			if t.Setenv("AWS_CA_BUNDLE", ""); byFlag {
				c.CABundle = path
			} else {
				t.Setenv("AWS_CA_BUNDLE", path)
			}
			_, err := New(t.Context(), c)
			if KindOf(err) != BadBundle || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s, by flag %v: %v (%s), want %s with %q", name, byFlag, err, KindOf(err), BadBundle, says)
			}
		}
	}
}

// What an answer does not say of a key is not known, and is not said with a hole.
func TestKeyOfUnknownUse(t *testing.T) {
	for metadata, want := range map[string]struct {
		kind SetupKind
		says string
	}{
		`"KeySpec":"SYMMETRIC_DEFAULT"`:                         {KeyUnchecked, "does not say what the key is for"},
		`"KeyUsage":"ENCRYPT_DECRYPT"`:                          {KeyUnchecked, "does not say what the key is for"},
		`"KeySpec":"RSA_2048"`:                                  {KeyUsage, "spec RSA_2048"},
		`"KeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC"`: {KeyUsage, "HMAC_256, for GENERATE_VERIFY_MAC"},
	} {
		s := serve(t, func(request) reply {
			return reply{header: map[string]string{"Content-Type": "application/x-amz-json-1.1"},
				body: `{"KeyMetadata":{"Arn":"arn:aws:kms:eu-west-1:111122223333:key/a","KeyId":"a","KeyState":"Enabled",` + metadata + `}}`}
		})
		_, err := client(t, s.URL).Key(t.Context(), "alias/films")
		if KindOf(err) != want.kind || !strings.Contains(err.Error(), want.says) || strings.Contains(err.Error(), "for ;") {
			t.Errorf("%s: %v (%s), want %s with %q", metadata, err, KindOf(err), want.kind, want.says)
		}
	}
}
