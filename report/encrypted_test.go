package report

import (
	"strings"
	"testing"

	"reseal/plan"
)

// TestAboutEncrypted: of objects that were looked at nobody says that they were not.
func TestAboutEncrypted(t *testing.T) {
	o := &plan.Options{SSE: plan.TargetKMS}
	for _, tt := range []struct {
		n    int64
		keys EncryptedKeys
		want string
	}{
		{0, EncryptedKeys{}, ""},
		{1, EncryptedKeys{}, "1 object is under some KMS key, which one was not looked at; --rekey looks"},
		{7, EncryptedKeys{Wanted: 7}, "7 objects looked at: 7 under the key"},
		{7, EncryptedKeys{Wanted: 4, Other: 2, AWS: 1},
			"7 objects looked at: 4 under the key, 2 under another customer key, 1 under the AWS managed key aws/s3; --rekey takes those that are not under the key"},
		{7, EncryptedKeys{Other: 2, AnyAWS: true},
			"2 objects looked at: 2 under another key (aws/s3 could not be told apart); 5 objects are under some KMS key, which one was not looked at; --rekey looks"},
	} {
		got := AboutEncrypted(tt.n, tt.keys, o)
		if got != tt.want {
			t.Errorf("%d, %+v:\n%q, want\n%q", tt.n, tt.keys, got, tt.want)
		}
		if tt.keys.looked() == tt.n && strings.Contains(got, "not looked at") {
			t.Errorf("%q is said of objects that were looked at", got)
		}
	}
	if got := AboutEncrypted(5, EncryptedKeys{}, &plan.Options{SSE: plan.TargetKMS, Rekey: true}); got != "" {
		t.Errorf("with --rekey: %q", got)
	}
}
