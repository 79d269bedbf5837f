package simaws

import (
	"testing"

	"reseal/internal/simulator"
)

// The objects of a report that are under SSE-KMS are under the account's own key,
// whatever Region the account is in.
func TestLoadUsesTheKeyOfTheRegion(t *testing.T) {
	a, err := New(Config{Seed: 1, Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Listener.Close()
	const manifest = "../../../inventory/testdata/fixtures/good/csv/inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json"
	if _, err := a.Load(t.Context(), manifest); err != nil {
		t.Fatal(err)
	}
	encrypted := 0
	for o := range a.World.Walk("acme-media-archive") {
		if o.Encryption.Type != simulator.SSEKMS {
			continue
		}
		encrypted++
		if o.Encryption.KMSKeyARN != a.Key() {
			t.Fatalf("%s is under %s, want %s", o.Key, o.Encryption.KMSKeyARN, a.Key())
		}
	}
	if encrypted == 0 {
		t.Error("no object under SSE-KMS")
	}
}
