package plan

import "testing"

// TestClientEncrypted: by any of the names that an encryption client writes.
func TestClientEncrypted(t *testing.T) {
	for name, want := range map[string]bool{"x-amz-key": true, "x-amz-key-v2": true, "x-amz-c": true, "x-amz-iv": true, "x-amz-cek-alg": true, "x-amz-wrap-alg": true,
		"x-amz-key-v": false, "key": false, "x-amz-matdesc": false} {
		if got := (&Head{Metadata: map[string]string{"owner": "me", name: ""}}).ClientEncrypted(); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
