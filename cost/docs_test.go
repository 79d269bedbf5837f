package cost

import (
	"bytes"
	"os"
	"testing"

	"reseal/inventory"
)

// TestDocumentedPriceFile reads the example of docs/cost.md as a price file.
func TestDocumentedPriceFile(t *testing.T) {
	page, err := os.ReadFile("../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := bytes.Cut(page, []byte("```json\n"))
	example, _, ended := bytes.Cut(rest, []byte("```"))
	if !ok || !ended {
		t.Fatal("docs/cost.md has no example of a price file")
	}
	own, err := ReadPrices(bytes.NewReader(example))
	if err != nil {
		t.Fatalf("%v\n%s", err, example)
	}
	r, ok := BuiltIn().With(own).Region("eu-west-2")
	if !ok || r.Date != "2026-11-21" {
		t.Fatalf("eu-west-2: %v, of %q", ok, r.Date)
	}
	std, gir := r.Class(inventory.Standard), r.Class(inventory.GlacierIR)
	if got := std.Put.Dollars(1000); got != "0.0053" || len(std.Storage) != 2 || std.Storage[0].UpTo != 51200 {
		t.Errorf("STANDARD: %s for 1,000 PUT, storage %+v", got, std.Storage)
	}
	if put, get := gir.Put.Dollars(1000), gir.Get.Dollars(1000); put != "0.018" || get != "0.01" {
		t.Errorf("GLACIER_IR: PUT %s, GET %s; want the file's 0.018 and the built-in 0.01", put, get)
	}
}
