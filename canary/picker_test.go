package canary

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"reseal/inventory"
	"reseal/plan"
)

func tasks(n int) []plan.Task {
	out := make([]plan.Task, n)
	for i := range out {
		r := &out[i].Record
		r.Pos, r.Key, r.Size, r.StorageClass = inventory.Position{Row: int64(i)}, fmt.Sprint("k", i), int64(i), inventory.Standard
		out[i].Action = plan.Copy
		switch {
		case i%100 == 3:
			r.StorageClass = inventory.StandardIA
		case i%100 == 5:
			r.IsMultipart, r.Size = true, 64<<20
		case i%100 == 7:
			out[i].Action, r.Size = plan.MultipartCopy, int64(6<<30+i)
		case i%100 == 9:
			out[i].Action = plan.Skip
		case i == 4711:
			r.LockMode = "GOVERNANCE"
		}
	}
	return out
}

// Some of each kind are chosen, the same ones whatever the order and number of
// readers, and few however many objects there are.
func TestPicker(t *testing.T) {
	all := tasks(20_000)
	pick := func() []Object {
		var p Picker
		for i := range all {
			p.See(&all[i])
		}
		return p.Objects()
	}
	got := pick()
	kinds := map[string]int{}
	for _, o := range got {
		for _, k := range o.Kinds {
			kinds[k]++
		}
	}
	want := map[string]int{"copy, STANDARD": 2, "copy, STANDARD_IA": 2, "copy, made in parts": 2, "copy, retention GOVERNANCE": 1, "copy, small": 8, "multipart-copy, STANDARD": 2}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("kinds: %v, want %v", kinds, want)
	}
	for _, o := range got {
		if slices.Contains(o.Kinds, "multipart-copy, STANDARD") && o.Record.Size > 6<<30+107 {
			t.Errorf("%s of %d bytes is tried first; there are smaller ones", o.Record.Key, o.Record.Size)
		}
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if again := pick(); !reflect.DeepEqual(again, got) {
		t.Errorf("another order of rows chooses other objects:\n%v\n%v", again, got)
	}
}

// A report may have any text for a class.
func TestPickerIsBounded(t *testing.T) {
	var p Picker
	for i := range 10_000 {
		task := plan.Task{Action: plan.Copy, Record: inventory.Record{Pos: inventory.Position{Row: int64(i)}, StorageClass: inventory.StorageClass(fmt.Sprint("C", i))}}
		p.See(&task)
	}
	if n := len(p.Objects()); n > maxKinds*spread {
		t.Errorf("%d objects of %d kinds", n, len(p.kinds))
	}
}

func BenchmarkSee(b *testing.B) {
	all := tasks(1000)
	var p Picker
	for i := 0; b.Loop(); i++ {
		all[i%1000].Record.Pos.Row = int64(i)
		p.See(&all[i%1000])
	}
}
