package s3api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// TestRenewedCredentialsAreLogged: once for each time that they end later, without what
// they are.
func TestRenewedCredentialsAreLogged(t *testing.T) {
	now := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI", SessionToken: "FwoGZXIvYXdz", Source: "AssumeRoleProvider",
		CanExpire: true, Expires: time.Unix(1_800_000_000, 0)}
	reload := error(nil)
	c := newCredentials(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return now, nil }),
		func(context.Context) (aws.CredentialsProvider, error) { return nil, reload })
	var text bytes.Buffer
	c.log = new(requestLog)
	c.log.to.Store(slog.New(slog.NewTextHandler(&text, nil)))
	lines := func(after string, want ...string) {
		t.Helper()
		got := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		if text.Len() == 0 {
			got = nil
		}
		text.Reset()
		if len(got) != len(want) {
			t.Fatalf("%s: %q, want %q", after, got, want)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: %q, want %q", after, got[i], want[i])
			}
			for _, secret := range []string{now.AccessKeyID, now.SecretAccessKey, now.SessionToken} {
				if strings.Contains(got[i], secret) {
					t.Errorf("%s: %s is in %q", after, secret, got[i])
				}
			}
		}
	}
	retrieve := func() {
		if _, err := c.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	retrieve()
	retrieve()
	lines("those that there were at first")
	now.Expires = now.Expires.Add(time.Hour)
	retrieve()
	retrieve()
	lines("others", `level=INFO msg="credentials renewed" source=AssumeRoleProvider expires=`)
	c.renew()
	lines("expired", `level=INFO msg="credentials read anew"`)
	c.loaded, reload = time.Time{}, errors.New("no SSO session; signature=abc")
	c.renew()
	lines("expired, and not renewed", `level=WARN msg="credentials not read anew" error="no SSO session; [left out]"`)
}
