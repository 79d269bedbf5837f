package s3api

import (
	"slices"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/plan"
)

// The checksum that the answer to a copy states is compared with the one before, by the
// look or else by the report: another algorithm is no success.
func TestTheStatedChecksumIsCompared(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spoilt  bool
		looked  bool   // by a look that asks for it
		report  string // its column
		accept  []plan.Attribute
		lost    []plan.Attribute
		inDoubt bool
	}{
		{"as before", false, true, "CRC32", nil, nil, false},
		{"as in the report", false, false, "CRC32", nil, nil, false},
		{"another than the look showed", true, true, "", nil, []plan.Attribute{plan.ChecksumAlgorithm}, false},
		{"another than in the report", true, false, "CRC32", nil, []plan.Attribute{plan.ChecksumAlgorithm}, true},
		{"the report has several", true, false, "SHA256,CRC32", nil, nil, false},
		{"the report has none", true, false, "", nil, nil, false},
		{"accepted", true, true, "CRC32", []plan.Attribute{plan.ChecksumAlgorithm}, nil, false},
	} {
		s := lossyBucket(t, "")
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			if tt.spoilt {
				w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: simulator.AttrChecksum, How: simulator.Alter, Way: simulator.ByCopy}}})
			}
			return nil
		})
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), AcceptLoss: tt.accept, LocksShown: true, Checksums: tt.looked})
		task := inspected(t, r, "k")
		task.Record.Checksum = tt.report
		_, err := r.Rewrite(t.Context(), task, &gate{})
		var oe engine.ObjectError
		if err != nil {
			oe = *objectError(t, err)
		}
		if lost := plan.NamesOf(oe.Lost); !slices.Equal(lost, tt.lost) || oe.InDoubt != tt.inDoubt || (len(lost) > 0) != (oe.Reason == plan.Unfaithful) || len(tt.lost) == 0 && err != nil {
			t.Errorf("%s: %v, lost %v, in doubt %t", tt.name, err, lost, oe.InDoubt)
		}
	}
}
