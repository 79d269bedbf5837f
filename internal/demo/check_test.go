package demo

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// A promise that was not kept is marked, and the answer says so.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name    string
		copies  int // of each object
		fullest int64
		kept    bool
		marks   string
	}{
		{"all kept", 1, 10, true, "✓✓✓✓✓"},
		{"nothing done", 0, 10, false, "✗✗✓✓✓"},
		{"done twice", 2, 10, false, "✗✗✓✓✓"},
		{"above the cap", 1, 11, false, "✓✓✓✗✓"},
		{"no count of releases", 1, 0, false, "✓✓✓✗✓"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			account, err := simaws.New(simaws.Config{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer account.Listener.Close()
			if _, err := account.Populate(t.Context(), bucket, simulator.Population{N: 5, Seed: 1, Plain: true}, simaws.Report{}); err != nil {
				t.Fatal(err)
			}
			before := account.Digest(bucket)
			for range tt.copies {
				encryptAll(t, account)
			}
			var out bytes.Buffer
			d := &demonstration{Config: Config{KMSRate: 10}, text: &out, account: account, fullest: tt.fullest}
			kept := d.check(before)
			marks := strings.Map(func(r rune) rune {
				if r == '✓' || r == '✗' {
					return r
				}
				return -1
			}, out.String())
			if kept != tt.kept || marks != tt.marks {
				t.Errorf("kept %v, marks %s; want %v, %s\n%s", kept, marks, tt.kept, tt.marks, &out)
			}
		})
	}
}

// encryptAll copies every object onto itself, under the key.
func encryptAll(t *testing.T, account *simaws.Account) {
	t.Helper()
	var keys []string
	for o := range account.World.Walk(bucket) {
		keys = append(keys, o.Key)
	}
	for _, key := range keys {
		in := &simulator.CopyObjectInput{Request: *account.Request(bucket), Key: key, Source: simulator.CopySource{Bucket: bucket, Key: key}}
		in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: simaws.Key}
		pending, refused := account.World.BeginCopy(time.Now(), in)
		if refused == nil {
			_, refused = pending.Commit(time.Now())
		}
		if refused != nil {
			t.Fatalf("copy %s: %v", key, refused)
		}
	}
}
