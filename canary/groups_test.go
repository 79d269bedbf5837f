package canary

import (
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Each mode of retention, and each algorithm and type of checksum, is proven by itself:
// that an endpoint keeps one says nothing of another.
func TestModesAndAlgorithmsAreProvenEach(t *testing.T) {
	t.Parallel()
	locked := func(o *plan.Snapshot, mode string) {
		o.Head.LockMode, o.Head.LockRetainUntil = mode, time.Now().Add(time.Hour)
	}
	sum := func(o *plan.Snapshot, algorithm, kind string) { o.Head.Checksum, o.Head.ChecksumType = algorithm, kind }
	for _, tt := range []struct {
		name        string
		usual, rare func(o *plan.Snapshot)
		report      string // checksum of the rare ones; HeadObject then shows none
	}{
		{"retention COMPLIANCE", func(o *plan.Snapshot) { locked(o, "GOVERNANCE") }, func(o *plan.Snapshot) { locked(o, "COMPLIANCE") }, ""},
		{"checksum SHA256", func(o *plan.Snapshot) { sum(o, "CRC32", "FULL_OBJECT") }, func(o *plan.Snapshot) { sum(o, "SHA256", "FULL_OBJECT") }, ""},
		{"checksum SHA256", func(o *plan.Snapshot) { sum(o, "CRC32", "FULL_OBJECT") }, func(o *plan.Snapshot) { sum(o, "SHA256", "FULL_OBJECT") }, "SHA256"},
		{"checksum of the whole", func(o *plan.Snapshot) { sum(o, "CRC32", "COMPOSITE") }, func(o *plan.Snapshot) { sum(o, "CRC32", "FULL_OBJECT") }, ""},
	} {
		for _, keeps := range []bool{true, false} {
			s := newStore(50, func(i int, o *plan.Snapshot) {
				if tt.usual(o); i >= 20 && i%10 == 0 {
					tt.rare(o)
				}
			})
			if !keeps {
				s.write = func(_ string, o *plan.Snapshot) error { tt.usual(o); return nil }
			}
			trials := s.trials(nil)
			failed := 0
			for i := range 50 {
				task := s.task(i)
				if tt.report != "" {
					task.Head.ChecksumAsked, task.Head.Checksum, task.Head.ChecksumType = false, "", ""
					if task.Record.Checksum = "CRC32"; i >= 20 && i%10 == 0 {
						task.Record.Checksum = tt.report
					}
				}
				if _, err := trials.Rewrite(t.Context(), t.Context(), task, open{}, s); err != nil {
					failed++
				}
			}
			k := trials.Table(true).Kinds[0]
			proven := false
			for _, p := range k.Proven {
				proven = proven || p.Attribute == tt.name
			}
			if keeps && (!proven || failed != 0 || k.Compared != 2) || !keeps && (proven || trials.Loss() == nil) {
				t.Errorf("%s, kept %t: %d failed, loss %v, %+v", tt.name, keeps, failed, trials.Loss(), k)
			}
		}
	}
}

// The report's columns are enough for an object of each mode and algorithm to be tried.
func TestPickerKnowsModesAndAlgorithms(t *testing.T) {
	var p Picker
	for i := range 2000 {
		task := plan.Task{Action: plan.Copy, Record: inventory.Record{Pos: inventory.Position{Row: int64(i)}, StorageClass: inventory.Standard, Checksum: "CRC32", LockMode: "GOVERNANCE"}}
		switch i {
		case 700:
			task.Record.Checksum = "SHA256"
		case 900:
			task.Record.LockMode = "COMPLIANCE"
		}
		p.See(&task)
	}
	rows := map[int64]bool{}
	for _, o := range p.Objects() {
		rows[o.Record.Pos.Row] = true
	}
	if !rows[700] || !rows[900] {
		t.Errorf("chosen are rows %v, want 700 and 900 among them", rows)
	}
}
