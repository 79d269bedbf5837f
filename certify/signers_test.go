package certify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSignerPatterns(t *testing.T) {
	for _, tt := range []struct {
		patterns string
		want     bool
	}{
		{"reseal-certificate", true}, {"*", true}, {"reseal-*", true}, {"file,reseal-?ertificate", true},
		{"file", false}, {"reseal", false}, {"", false}, {"*,!reseal-*", false}, {"reseal-certificate?", false},
		{strings.Repeat("*a", 2000), false},
	} {
		if got := matchesAny(strings.Split(tt.patterns, ","), Namespace); got != tt.want {
			t.Errorf("%.40q: %v, want %v", tt.patterns, got, tt.want)
		}
	}
}

// publicKey is one of no use.
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvXzrj1Wcm6MrP7dhKRGlUqXxA1Yjt0nOnwXkUGlbHh"

func TestSigners(t *testing.T) {
	read := func(text string) (Signers, error) {
		file := filepath.Join(t.TempDir(), "signers")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return ReadSigners(file)
	}
	all, err := read("# people\n\nops@example.com " + publicKey + " comment\n")
	if err != nil || len(all) != 1 {
		t.Fatalf("%d signers, %v", len(all), err)
	}
	key, at := all[0].key, time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ line, want string }{
		{"ops@example.com " + publicKey, "ops@example.com"},
		{`"ops at example" namespaces="file,reseal-*" ` + publicKey, "ops at example"},
		{`ops namespaces="file" ` + publicKey, ""},
		{`ops valid-after="20261130Z",valid-before="202612010000Z" ` + publicKey, "ops"},
		{`ops valid-after="20261201Z" ` + publicKey, ""},
		{`ops valid-before="20261130115959Z" ` + publicKey, ""},
		{`ops cert-authority ` + publicKey, ""},
	} {
		all, err := read(tt.line + "\n")
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		got, err := all.who(key, at)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", tt.line, got, err, tt.want)
		}
	}
	for _, line := range []string{"ops", publicKey, "ops ssh-ed25519 AAAA", `ops valid-after="soon" ` + publicKey, `ops no-such-option ` + publicKey} {
		if _, err := read(line + "\n"); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: %v, want an error with the line", line, err)
		}
	}
}
