package cost

import (
	"strings"
	"testing"

	"reseal/plan"
)

// Nobody knows beforehand which objects have the tags: nothing is sure, what is expected
// and at most is that of all of them, and every way of the program reads the tags.
func TestTagsTakeAwayTheLowerBounds(t *testing.T) {
	with, ways := estimate(Params{Facts: quiet("us-east-1"), Options: plan.Options{Tags: []string{"team"}}}, mixed()...)
	without, others := estimate(Params{Facts: quiet("us-east-1")}, mixed()...)
	if with.Objects == 0 || with.Objects != without.Objects || with.Bytes != without.Bytes {
		t.Errorf("%d objects and %d bytes, without tags %d and %d", with.Objects, with.Bytes, without.Objects, without.Bytes)
	}
	if d := with.Demand; d.Reads.Min+d.Writes.Min+d.KMS.Min+with.KMSCalls.Min != 0 || with.Once.Total.Min != 0 {
		t.Errorf("lower bounds are left: %+v, %s", d, with.Once.Total.Min)
	}
	for _, l := range with.Once.Lines {
		if l.Quantity.Min != 0 || l.Amount.Min != 0 {
			t.Errorf("%s: at least %d, %s", l.Item, l.Quantity.Min, l.Amount.Min)
		}
	}
	if with.Demand.Writes.Max != without.Demand.Writes.Max || with.Demand.Reads.Max < without.Demand.Reads.Max+with.Objects {
		t.Errorf("demand %+v, without tags %+v", with.Demand, without.Demand)
	}
	for name, m := range ways {
		more := m.Requests.Max - others[name].Requests.Max
		if own := m.Name == ByCopy || m.Name == ByUpdate || m.Name == ByAuto; own != (more >= m.Objects.Objects && more > 0) {
			t.Errorf("%s: %d requests more than without tags, for %d objects", m.Name, more, m.Objects.Objects)
		}
	}
	if said := strings.Join(with.Notes, "\n"); !strings.Contains(said, "No report has tags") {
		t.Errorf("no note about tags: %s", said)
	}
	if said := strings.Join(without.Notes, "\n"); strings.Contains(said, "tags") {
		t.Errorf("a note about tags without any: %s", said)
	}
}
