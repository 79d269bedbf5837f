package batchops

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/inventory"
	"reseal/plan"
)

// A manifest has the keys of what is left to do, encoded, and the request beside it
// says so much of them as the report tells.
func TestExport(t *testing.T) {
	rep, _ := inventoryReport(t, 3)
	policy := &plan.Policy{Options: plan.Options{Bucket: testBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "arn:aws:kms:us-east-1:1:key/k"}.Normal(), Weights: plan.DefaultWeights(false)}
	dir := filepath.Join(t.TempDir(), "out")
	done := func(p inventory.Position) bool { return p.Row == 1 }
	got, err := Export(t.Context(), dir, policy, rep, done)
	if err != nil {
		t.Fatal(err)
	}
	want := Manifest{filepath.Join(dir, "manifest-STANDARD.csv"), 2}
	if len(got.Manifests) != 1 || got.Manifests[0] != want || len(got.Left) != 0 {
		t.Fatalf("Export = %+v, want %+v", got, want)
	}
	text, err := os.ReadFile(want.Path)
	if err != nil || string(text) != "media,a%20b/000%2B%C3%A9\nmedia,a%20b/002%2B%C3%A9\n" {
		t.Errorf("the manifest: %q, %v", text, err)
	}
	text, err = os.ReadFile(filepath.Join(dir, "create-job-STANDARD.json"))
	if err != nil {
		t.Fatal(err)
	}
	var request struct {
		Manifest struct{ Spec struct{ Fields []string } }
	}
	if err := json.Unmarshal(text, &request); err != nil || strings.Join(request.Manifest.Spec.Fields, ",") != "Bucket,Key" {
		t.Errorf("the request: %v\n%s", err, text)
	}
	if _, err := Export(t.Context(), dir, policy, rep, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Export into a folder that is there: %v", err)
	}
}
