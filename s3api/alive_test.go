package s3api

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reseal/engine"
)

// TestAlive: any answer that an object's request would get as well is a sign of life.
func TestAlive(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer reply
		want   engine.Class
		alive  bool
	}{
		{"answers", reply{body: `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>`}, 0, true},
		{"denied", failure(403, "AccessDenied", "x"), engine.Denied, false},
		{"throttled", failure(503, "SlowDown", "x"), engine.Throttled, false},
		{"hangs up", reply{hangup: true}, engine.Transient, false},
		{"broken", failure(500, "InternalError", "x"), engine.Transient, false},
		{"expired, of the environment", failure(400, "ExpiredToken", "x"), engine.Fatal, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(request) reply { return tt.answer })
			err := client(t, s.URL).Alive(t.Context(), bucket)
			if tt.alive {
				if err != nil {
					t.Errorf("Alive = %v", err)
				}
				return
			}
			var oe *engine.ObjectError
			if !errors.As(err, &oe) || oe.Class != tt.want {
				t.Errorf("Alive = %v, want class %v", err, tt.want)
			}
		})
	}
}

// TestExpiredCredentialsAreReadAgain: a profile that somebody writes new
// credentials into while the run waits is taken up; those of the environment
// cannot change.
func TestExpiredCredentialsAreReadAgain(t *testing.T) {
	hermetic(t)
	profile := filepath.Join(t.TempDir(), "credentials")
	write := func(id string) {
		t.Helper()
		text := fmt.Sprintf("[night]\naws_access_key_id = %s\naws_secret_access_key = secret\naws_session_token = token\n", id)
		if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("ASIAOLD")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", profile)
	var expired atomic.Value
	expired.Store("ASIAOLD")
	s := serve(t, func(r request) reply {
		if strings.Contains(r.header.Get("Authorization"), expired.Load().(string)) {
			return failure(400, "ExpiredToken", "The provided token has expired.")
		}
		return reply{body: `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`}
	})
	c, err := New(t.Context(), Config{EndpointURL: s.URL, Region: "eu-west-1", Profile: "night"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	var oe *engine.ObjectError
	if err := c.Alive(t.Context(), bucket); !errors.As(err, &oe) || oe.Class != engine.Expired {
		t.Fatalf("Alive with the old ones = %v, want class expired", err)
	}
	write("ASIANEW")
	c.credentials.loaded = c.credentials.loaded.Add(-reloadEvery) // the wait between two questions
	_ = c.Alive(t.Context(), bucket)                              // finds them expired, and reads the file
	if err := c.Alive(t.Context(), bucket); err != nil {
		t.Errorf("Alive with the new ones = %v", err)
	}
}

// TestCredentialsExpiry: when credentials expire is known where their source says so,
// and only after it was asked.
func TestCredentialsExpiry(t *testing.T) {
	later := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	given := aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", CanExpire: true, Expires: later}
	c := &Client{credentials: newCredentials(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return given, nil }), nil)}
	if at, ok := c.CredentialsExpiry(); ok {
		t.Errorf("before the first request: %v", at)
	}
	retrieve := func() {
		t.Helper()
		if _, err := c.credentials.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	retrieve()
	if at, ok := c.CredentialsExpiry(); !ok || !at.Equal(later) {
		t.Errorf("expiry %v, %v; want %v", at, ok, later)
	}
	given = aws.Credentials{AccessKeyID: "B", SecretAccessKey: "S"}
	retrieve()
	if at, ok := c.CredentialsExpiry(); ok {
		t.Errorf("of credentials that do not expire: %v", at)
	}
	if at, ok := new(Client).CredentialsExpiry(); ok {
		t.Errorf("without credentials: %v", at)
	}
}
