package canary

import (
	"fmt"
	"slices"
	"testing"

	"reseal/inventory"
	"reseal/plan"
)

// chosen returns the kinds for which a picker chooses each of the tasks, by key.
func chosen(tasks ...plan.Task) map[string][]string {
	var p Picker
	for i := range tasks {
		tasks[i].Record.Pos.Row = int64(i)
		p.See(&tasks[i])
	}
	out := map[string][]string{}
	for _, o := range p.Objects() {
		out[o.Record.Key] = o.Kinds
	}
	return out
}

// current is a task of a current object of the class STANDARD.
func current(key string, edit func(*plan.Task)) plan.Task {
	t := plan.Task{Action: plan.Copy, Record: inventory.Record{Key: key, Size: 1, StorageClass: inventory.Standard, IsLatest: true, Encryption: inventory.SSES3,
		Known: inventory.ColumnsOf(inventory.ColIsLatest)}}
	if edit != nil {
		edit(&t)
	}
	return t
}

// TestKindsOfAnObject: what of a row makes its object one to try.
func TestKindsOfAnObject(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*plan.Task)
		want []string
	}{
		{"nothing special", nil, []string{"copy, STANDARD", "copy, small"}},
		{"of a size that can be read", func(t *plan.Task) { t.Record.Size = plan.SnapshotBody }, []string{"copy, STANDARD", "copy, small"}},
		{"larger", func(t *plan.Task) { t.Record.Size = plan.SnapshotBody + 1 }, []string{"copy, STANDARD"}},
		{"no class", func(t *plan.Task) { t.Record.StorageClass = "" }, []string{"copy, class unknown", "copy, small"}},
		{"made in parts", func(t *plan.Task) { t.Record.IsMultipart = true }, []string{"copy, STANDARD", "copy, made in parts", "copy, small"}},
		{"legal hold", func(t *plan.Task) { t.Record.LegalHold = "ON" }, []string{"copy, STANDARD", "copy, locked", "copy, small"}},
		{"event hold", func(t *plan.Task) { t.Record.EventHold = "ON" }, []string{"copy, STANDARD", "copy, locked", "copy, small"}},
		{"holds that are off", func(t *plan.Task) { t.Record.LegalHold, t.Record.EventHold = "OFF", "OFF" }, []string{"copy, STANDARD", "copy, small"}},
		{"retention", func(t *plan.Task) { t.Record.LockMode = "COMPLIANCE" }, []string{"copy, STANDARD", "copy, retention COMPLIANCE", "copy, small"}},
		{"checksum", func(t *plan.Task) { t.Record.Checksum = "SHA1" }, []string{"copy, STANDARD", "copy, checksum SHA1", "copy, small"}},
		{"an unknown checksum", func(t *plan.Task) { t.Record.Checksum = "X" }, []string{"copy, STANDARD", "copy, checksum", "copy, small"}},
		{"old version", func(t *plan.Task) { t.Record.IsLatest = false }, []string{"copy, STANDARD", "copy, old version", "copy, small"}},
		{"under a key", func(t *plan.Task) { t.Record.Encryption = inventory.SSEKMS }, []string{"copy, STANDARD", "copy, small", "copy, under SSE-KMS"}},
		{"unencrypted", func(t *plan.Task) { t.Record.Encryption = inventory.NotSSE }, []string{"copy, STANDARD", "copy, small", "copy, under NOT-SSE"}},
	} {
		if got := chosen(current("k", tt.edit))["k"]; !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := chosen(current("k", func(t *plan.Task) { t.Action = plan.Skip })); len(got) != 0 {
		t.Errorf("an object that is left alone is tried: %v", got)
	}
}

// TestSmallOnesFirst: an object whose body can be read comes before one whose body
// is larger, of the same kind; of those copied in parts the smallest come first.
func TestSmallOnesFirst(t *testing.T) {
	var large, parts []plan.Task
	for i := range int64(50) {
		large = append(large, current(fmt.Sprint(i), func(t *plan.Task) {
			if i != 20 && i != 30 {
				t.Record.Size = 1 << 30
			}
		}))
		parts = append(parts, current(fmt.Sprint(i), func(t *plan.Task) { t.Action, t.Record.Size = plan.MultipartCopy, 6<<30+(49-i) }))
	}
	for name, tt := range map[string]struct {
		tasks []plan.Task
		want  []string
	}{"copies": {large, []string{"20", "30"}}, "in parts": {parts, []string{"48", "49"}}} {
		var got []string
		for key, kinds := range chosen(tt.tasks...) {
			if slices.ContainsFunc(kinds, func(k string) bool { return k == "copy, STANDARD" || k == "multipart-copy, STANDARD" }) {
				got = append(got, key)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q come first, want %q", name, got, tt.want)
		}
	}
}

// TestEachPrefixIsTried: one object of each prefix, up to a number of prefixes.
func TestEachPrefixIsTried(t *testing.T) {
	const spare = 5
	var all []plan.Task
	for i := range 100 {
		all = append(all, current(fmt.Sprintf("a/%d", i), nil))
	}
	for i := range maxPrefixes + spare - 1 {
		all = append(all, current(fmt.Sprintf("p%d/k/1", i), nil), current(fmt.Sprintf("p%d/k/2", i), nil))
	}
	prefixes := map[string]bool{}
	for key := range chosen(all...) {
		prefixes[prefixOf(key)] = true
	}
	if n := len(prefixes); n < maxPrefixes || n > maxPrefixes+spread+each {
		t.Errorf("%d prefixes are tried, want %d and those of other kinds", n, maxPrefixes)
	}
	for key, want := range map[string]string{"a/b/c": "a/", "a": "", "/a": "/", "": ""} {
		if got := prefixOf(key); got != want {
			t.Errorf("prefix of %q: %q, want %q", key, got, want)
		}
	}
	alone := chosen(append(all[:100:100], current("z/1", func(t *plan.Task) { t.Record.Size = 1 << 30 }))...)
	if got := alone["z/1"]; !slices.Equal(got, []string{`copy, prefix "z/"`}) {
		t.Errorf("an object that only its prefix brings in: %q", got)
	}
}

// TestLater: each object whose attributes show only later may must be compared,
// up to as many as there are such attributes, and one for each prefix more.
func TestLater(t *testing.T) {
	look := func(class inventory.StorageClass, action plan.Action, key string) plan.Task {
		return current(key, func(t *plan.Task) { t.NeedHead, t.Action, t.Record.StorageClass = true, action, class })
	}
	var p Picker
	see := func(t plan.Task) { p.See(&t) }
	see(current("a/0", nil)) // needs no look
	if got := p.Later(); len(got) != 0 {
		t.Errorf("nothing is left to see: %v", got)
	}
	see(look(inventory.StandardIA, plan.Update, "a/1"))
	see(look(inventory.StandardIA, plan.Copy, "a/2"))
	for i := range traitsByHead + 10 {
		see(look(inventory.Standard, plan.Copy, fmt.Sprint("a/x", i)))
	}
	trials := func() (out []string) {
		for _, l := range p.Later() {
			out = append(out, fmt.Sprint(l.Task.Action, " ", l.Task.Record.StorageClass, " ", l.Trials))
		}
		return out
	}
	want := []string{fmt.Sprint("copy STANDARD ", traitsByHead), "copy STANDARD_IA 1", "update STANDARD_IA 1"}
	if got := trials(); !slices.Equal(got, want) {
		t.Errorf("one prefix: %q, want %q", got, want)
	}
	see(current("b/1", nil))
	see(current("c/1", nil))
	want = []string{fmt.Sprint("copy STANDARD ", traitsByHead+2), "copy STANDARD_IA 3", "update STANDARD_IA 3"}
	if got := trials(); !slices.Equal(got, want) {
		t.Errorf("three prefixes: %q, want %q", got, want)
	}
	for i := range 2 * maxKinds {
		see(look(inventory.StorageClass(fmt.Sprint("C", i)), plan.Copy, "a/c"))
	}
	if n := len(p.Later()); n != maxKinds {
		t.Errorf("%d groups, want at most %d and no less", n, maxKinds)
	}
}

// TestTraitsOfALook: each thing that a look shows is a trait of its own.
func TestTraitsOfALook(t *testing.T) {
	for want, h := range map[Traits]plan.Head{
		0:                  {LegalHold: "OFF", EventHold: "OFF", TagCount: -1},
		ContentType:        {ContentType: "x"},
		CacheControl:       {CacheControl: "x"},
		ContentDisposition: {ContentDisposition: "x"},
		ContentEncoding:    {ContentEncoding: "x"},
		ContentLanguage:    {ContentLanguage: "x"},
		Expires:            {Expires: "x"},
		UserMetadata:       {Metadata: map[string]string{"a": ""}},
		HiddenMetadata:     {MissingMeta: 1},
		Tags:               {TagCount: 1},
		Redirect:           {Redirect: "/"},
		Governance:         {LockMode: "GOVERNANCE"},
		Compliance:         {LockMode: "COMPLIANCE"},
		LegalHold:          {LegalHold: "ON"},
		EventHold:          {EventHold: "ON"},
		FullSum:            {ChecksumType: "FULL_OBJECT"},
		PartsSum:           {ChecksumType: "COMPOSITE"},
		FirstSum:           {Checksum: "CRC64NVME"},
		FirstSum << 1:      {Checksum: "CRC32"},
		FirstSum << 9:      {Checksum: "XXHASH128"},
		OtherSum:           {Checksum: "X"},
	} {
		if got := headTraits(&h); got != want {
			t.Errorf("%+v: %q, want %q", h, got.Names(), want.Names())
		}
	}
	var all Traits = 1<<numTraits - 1
	if got := traitsNamed(all.Names()); got != all || len(all.Names()) != numTraits {
		t.Errorf("all traits read back by their names: %b", got)
	}
	if got := traitsNamed([]string{"no such", "tags"}); got != Tags {
		t.Errorf("tags and a name that nobody knows: %q", got.Names())
	}
}

// TestTraitsBeforeALook: what the report says holds until the object was looked at.
func TestTraitsBeforeALook(t *testing.T) {
	row := current("k", func(t *plan.Task) {
		t.Record.LockMode, t.Record.LegalHold, t.Record.EventHold, t.Record.Checksum = "GOVERNANCE", "ON", "ON", "SHA1"
	})
	sha1 := byAlgorithm("SHA1")
	if got, want := wanted(&row), Whole|Governance|LegalHold|EventHold|sha1; got != want {
		t.Errorf("by the row: %q, want %q", got.Names(), want.Names())
	}
	row.Head = &plan.Head{ContentType: "x"}
	if got, want := wanted(&row), Whole|ContentType|sha1; got != want {
		t.Errorf("looked at, no checksum shown: %q, want %q", got.Names(), want.Names())
	}
	row.Head = &plan.Head{ChecksumAsked: true, Checksum: "CRC32", ChecksumType: "FULL_OBJECT", ChecksumValue: "AAAA"}
	if got, want := wanted(&row), Whole|byAlgorithm("CRC32")|FullSum; got != want {
		t.Errorf("looked at, another checksum: %q, want %q", got.Names(), want.Names())
	}
	under := current("k", func(t *plan.Task) { t.FromKMS = true })
	byRow := current("k", func(t *plan.Task) { t.Record.Encryption = inventory.SSEKMS })
	none := current("k", func(t *plan.Task) {
		t.Record.Encryption, t.Record.IsMultipart, t.Record.IsLatest = inventory.NotSSE, true, false
	})
	if wanted(&under) != Whole|UnderKMS || wanted(&byRow) != Whole|UnderKMS || wanted(&none) != Whole|Unencrypted|InParts|OldVersion {
		t.Errorf("how it was written: %q, %q, %q", wanted(&under).Names(), wanted(&byRow).Names(), wanted(&none).Names())
	}
}

// TestNarrowed: of traits of which an object has one, the one that it had is what
// it lost.
func TestNarrowed(t *testing.T) {
	sha1 := byAlgorithm("SHA1")
	for _, tt := range []struct{ differ, had, want Traits }{
		{Retention, Whole | Governance, Governance},
		{Retention, Whole, Retention},
		{Checksum, sha1 | FullSum, sha1 | FullSum},
		{Tags | Retention, Compliance | Tags, Tags | Compliance},
		{Tags, Whole, Tags},
	} {
		if got := narrowed(tt.differ, tt.had); got != tt.want {
			t.Errorf("%q of an object with %q: %q, want %q", tt.differ.Names(), tt.had.Names(), got.Names(), tt.want.Names())
		}
	}
}

// TestSeenInFull: what HeadObject does not show.
func TestSeenInFull(t *testing.T) {
	row := current("k", nil)
	for want, s := range map[Traits]plan.Snapshot{
		0:           {Tags: plan.Saw([]plan.Tag{}), ACL: plan.Saw(""), Annotations: plan.Saw([]plan.Annotation{})},
		Tags:        {Tags: plan.Saw([]plan.Tag{{Key: "a"}})},
		ACL:         {ACL: plan.Saw("x")},
		Annotations: {Annotations: plan.Saw([]plan.Annotation{{Name: "a"}})},
		Redirect:    {Head: plan.Head{Redirect: "/"}},
	} {
		if got := seen(&row, &s); got != Whole|Data|want {
			t.Errorf("%q, want %q", got.Names(), (Whole | Data | want).Names())
		}
	}
}
