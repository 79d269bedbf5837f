package resources

import (
	"testing"

	"reseal/control"
)

// The parts are never more than the whole, and nobody is left with nothing.
func TestDealFiles(t *testing.T) {
	for limit := int64(16); limit < 1<<20; limit += 1 + limit/7 {
		b := dealFiles(limit, 16)
		if b.Report < 1 || b.Slots() < 1 || b.Connections < 2 {
			t.Errorf("limit %d: %+v; want at least one of each", limit, b)
		}
		if need := int64(2*b.Report + b.Connections + stateFiles + sideConnections + ownFiles); limit >= 64 && need > limit {
			t.Errorf("limit %d: %+v, which takes %d", limit, b, need)
		}
	}
	if b := dealFiles(0, 5); b.Slots() != control.MaxConcurrency || b.Report != 5 || b.Connections != 0 {
		t.Errorf("without a limit: %+v", b)
	}
}
