package plan

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"testing"

	"reseal/inventory"
)

// pickedOf shows the picker n rows of each class, in the order that rng makes.
func pickedOf(most int, rng *rand.Rand, objects map[inventory.StorageClass]int) []Remembered {
	p := &Policy{Facts: Facts{AWS: Yes, ACLs: No}, Weights: DefaultWeights(true)}
	var tasks []Task
	file := 0
	for _, class := range []inventory.StorageClass{"STANDARD", "STANDARD_IA", "GLACIER_IR", "ONEZONE_IA"} {
		for i := range objects[class] {
			tasks = append(tasks, Task{Action: Copy, Record: inventory.Record{Pos: inventory.Position{File: file, Row: int64(i)}, StorageClass: class, Key: "k", Size: 1}})
		}
		file++
	}
	tasks = append(tasks, Task{Action: Skip, Reason: AlreadyEncrypted, Record: inventory.Record{Pos: inventory.Position{File: 99}}})
	rng.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
	k := NewRowPicker(most)
	for i := range tasks {
		k.See(p, &tasks[i])
	}
	return k.Chosen()
}

// TestRowPicker: a choice is never more than asked for, is spread over the kinds,
// leaves nothing of it over while there are objects, and does not depend on the
// order in which rows are seen.
func TestRowPicker(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		most    int
		objects map[inventory.StorageClass]int
		want    map[inventory.StorageClass]int
	}{
		{0, map[inventory.StorageClass]int{"STANDARD": 5}, map[inventory.StorageClass]int{}},
		{10, map[inventory.StorageClass]int{"STANDARD": 5, "STANDARD_IA": 3}, map[inventory.StorageClass]int{"STANDARD": 5, "STANDARD_IA": 3}},
		{100, map[inventory.StorageClass]int{"STANDARD": 5000, "STANDARD_IA": 4000}, map[inventory.StorageClass]int{"STANDARD": 50, "STANDARD_IA": 50}},
		{100, map[inventory.StorageClass]int{"STANDARD": 5000, "STANDARD_IA": 7}, map[inventory.StorageClass]int{"STANDARD": 93, "STANDARD_IA": 7}},
		{99, map[inventory.StorageClass]int{"STANDARD": 500, "STANDARD_IA": 600, "GLACIER_IR": 700, "ONEZONE_IA": 9},
			map[inventory.StorageClass]int{"STANDARD": 30, "STANDARD_IA": 30, "GLACIER_IR": 30, "ONEZONE_IA": 9}},
	} {
		var first []Remembered
		for range 20 {
			chosen := pickedOf(tt.most, rng, tt.objects)
			got := map[inventory.StorageClass]int{}
			for _, c := range chosen {
				got[c.Class]++
				if c.Demand.Reads.Max == 0 {
					t.Fatalf("%+v is read for nothing", c)
				}
			}
			if !maps.Equal(got, tt.want) {
				t.Fatalf("%d of %v: chose %v, want %v", tt.most, tt.objects, got, tt.want)
			}
			if first == nil {
				first = chosen
			}
			for i := range first {
				if first[i] != chosen[i] {
					t.Fatalf("%d of %v: the order of rows makes another choice", tt.most, tt.objects)
				}
			}
		}
	}
}

// TestRowPickerManyKinds: a report with any text for a class has no choice that grows.
func TestRowPickerManyKinds(t *testing.T) {
	p := &Policy{Weights: DefaultWeights(true)}
	k := NewRowPicker(50)
	for i := range 10_000 {
		k.See(p, &Task{Action: Copy, Record: inventory.Record{Pos: inventory.Position{Row: int64(i)}, StorageClass: inventory.StorageClass(rune(i + 1000))}})
	}
	if n := len(k.Chosen()); n != 50 || len(k.kinds) > maxRowKinds+1 {
		t.Fatalf("%d chosen of %d kinds", n, len(k.kinds))
	}
}

// TestRowsAreReadBack: what is written of a set of rows is the set.
func TestRowsAreReadBack(t *testing.T) {
	set := Rows{{File: 3, Row: 7}: {}, {File: 0, Row: 1 << 40}: {}, {File: 3, Row: 2}: {}}
	data, err := json.Marshal(set)
	if err != nil || string(data) != `[{"file":0,"rows":[1099511627776]},{"file":3,"rows":[2,7]}]` {
		t.Fatalf("%s, %v", data, err)
	}
	var back Rows
	if err := json.Unmarshal(data, &back); err != nil || !maps.Equal(set, back) {
		t.Fatalf("%v, %v", back, err)
	}
}

// TestRememberedObjectsAreRead: a row of the list is read as a whole, and paid for,
// whatever is decided on it later; others are not.
func TestRememberedObjectsAreRead(t *testing.T) {
	p := &Policy{Options: Options{Bucket: "b", Method: MethodCopy, SSE: TargetKMS, KMSKeyID: "k"}, Weights: DefaultWeights(true), Facts: Facts{AWS: Yes, ACLs: No}}
	r := inventory.Record{Bucket: "b", Key: "k", Known: inventory.AllColumns, IsLatest: true, ETag: "e", Size: 1, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	plain := p.Decide(&r)
	p.Remember = Rows{r.Pos: {}}
	listed := p.Decide(&r)
	if plain.Snapshot || !listed.Snapshot || listed.Demand != plain.Demand.Add(p.SnapshotDemand(&listed, false)) {
		t.Fatalf("not listed %v, listed %v: %+v, %+v", plain.Snapshot, listed.Snapshot, plain.Demand, listed.Demand)
	}
	if now := p.DecideHead(listed, &Head{ETag: "e2", Size: 1, StorageClass: inventory.StandardIA, Encryption: inventory.SSES3}); !now.Snapshot {
		t.Error("an object that changed its class is not read any more")
	}
	r.Pos.Row = 1
	if other := p.Decide(&r); other.Snapshot {
		t.Error("a row is read that is not listed")
	}
}
