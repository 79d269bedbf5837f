package s3api

import (
	"strings"
	"testing"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// A row that S3 did not write, whose key nothing has, is not gone where an object has the
// key in another spelling.
func TestKeysInAnotherSpelling(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for _, key := range []string{"my report", "com,ma", "a+b"} {
		put(t, s.client, key, "data", "row")
	}
	rw := rewriter(t, s.client, RewriteConfig{Options: anOptions(), Facts: facts(t, s.client, bucket)})
	for _, tt := range []struct {
		key    string
		byHand bool
		means  string // "" where it is gone
	}{
		{"my+report", true, "my report"},
		{"com%2Cma", true, "com,ma"},
		{"a b", true, "a+b"},
		{"my+reports", true, ""},
		{"none", true, ""},
		{"my+report", false, ""},
	} {
		row := inventory.Record{Known: inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey), ByHand: tt.byHand, Bucket: bucket, Key: tt.key, Size: -1}
		_, err := rw.Inspect(t.Context(), decide(t, rw.config, row, nil), &gate{})
		switch oe := objectError(t, err); {
		case tt.means == "":
			if oe.Class != engine.Gone {
				t.Errorf("%q: %v, want it gone", tt.key, err)
			}
		case oe.Class != engine.Permanent || oe.Reason != plan.KeySpelling || oe.Key != tt.key || !strings.Contains(err.Error(), tt.means):
			t.Errorf("%q: %v, want the key %q named", tt.key, err, tt.means)
		}
	}
}
