package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"reseal/inventory"
)

// snapshotTime is when the snapshots of these tests were taken.
var snapshotTime = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// fullSnapshot has one of everything, and was told all of it.
func fullSnapshot() *Snapshot {
	return &Snapshot{
		Head: Head{
			ContentType: "a/b", CacheControl: "c", ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "l", Expires: "x",
			Metadata: map[string]string{"k": "v"}, MissingMeta: 1, TagCount: 1, StorageClass: inventory.StandardIA, Redirect: "/r", Size: 5,
			LockMode: "GOVERNANCE", LockRetainUntil: snapshotTime.Add(time.Hour), LegalHold: "ON", EventHold: "ON", EventHoldDays: 3,
			ChecksumAsked: true, Checksum: "SHA256", ChecksumType: "FULL_OBJECT", ChecksumValue: "AA==",
		},
		Tags: Saw([]Tag{{"team", "film"}}), ACL: Saw("read: x"), Annotations: Saw([]Annotation{{"note", 4}}), Body: Saw("00"), LocksShown: true,
	}
}

// edits changes, removes or adds each attribute of fullSnapshot. An attribute
// that every object has cannot be lost, nor added.
var edits = map[Attribute]struct{ change, remove func(*Snapshot) }{
	ContentType:        {func(s *Snapshot) { s.Head.ContentType = "z" }, func(s *Snapshot) { s.Head.ContentType = "" }},
	CacheControl:       {func(s *Snapshot) { s.Head.CacheControl = "z" }, func(s *Snapshot) { s.Head.CacheControl = "" }},
	ContentDisposition: {func(s *Snapshot) { s.Head.ContentDisposition = "z" }, func(s *Snapshot) { s.Head.ContentDisposition = "" }},
	ContentEncoding:    {func(s *Snapshot) { s.Head.ContentEncoding = "z" }, func(s *Snapshot) { s.Head.ContentEncoding = "" }},
	ContentLanguage:    {func(s *Snapshot) { s.Head.ContentLanguage = "z" }, func(s *Snapshot) { s.Head.ContentLanguage = "" }},
	Expires:            {func(s *Snapshot) { s.Head.Expires = "z" }, func(s *Snapshot) { s.Head.Expires = "" }},
	UserMetadata:       {func(s *Snapshot) { s.Head.Metadata = map[string]string{"k": "z"} }, func(s *Snapshot) { s.Head.Metadata = nil }},
	HiddenMetadata:     {func(s *Snapshot) { s.Head.MissingMeta = 2 }, func(s *Snapshot) { s.Head.MissingMeta = 0 }},
	Tags:               {func(s *Snapshot) { s.Tags = Saw([]Tag{{"team", "z"}}) }, func(s *Snapshot) { s.Tags, s.Head.TagCount = Saw([]Tag{}), 0 }},
	Class:              {func(s *Snapshot) { s.Head.StorageClass = inventory.Standard }, nil},
	Redirect:           {func(s *Snapshot) { s.Head.Redirect = "/z" }, func(s *Snapshot) { s.Head.Redirect = "" }},
	Retention:          {func(s *Snapshot) { s.Head.LockMode = "COMPLIANCE" }, func(s *Snapshot) { s.Head.LockMode, s.Head.LockRetainUntil = "", time.Time{} }},
	LegalHold:          {nil, func(s *Snapshot) { s.Head.LegalHold = "OFF" }},
	EventHold:          {func(s *Snapshot) { s.Head.EventHoldDays = 2 }, func(s *Snapshot) { s.Head.EventHold, s.Head.EventHoldDays = "", 0 }},
	ACL:                {func(s *Snapshot) { s.ACL = Saw("read: z") }, func(s *Snapshot) { s.ACL = Saw("") }},
	Annotations:        {func(s *Snapshot) { s.Annotations = Saw([]Annotation{{"note", 5}}) }, func(s *Snapshot) { s.Annotations = Saw([]Annotation{}) }},
	ChecksumAlgorithm:  {func(s *Snapshot) { s.Head.Checksum = "CRC64NVME" }, func(s *Snapshot) { s.Head.Checksum, s.Head.ChecksumType, s.Head.ChecksumValue = "", "", "" }},
	ChecksumType:       {func(s *Snapshot) { s.Head.ChecksumType = "COMPOSITE" }, nil},
	Length:             {func(s *Snapshot) { s.Head.Size = 6 }, nil},
	Body:               {func(s *Snapshot) { s.Body = Saw("01") }, nil},
}

// Whatever of an object is lost, changed or added is a difference, by its name and
// with the value that was there. One exception is documented: a checksum is gained.
func TestEveryDifferenceHasAName(t *testing.T) {
	edited := func(edit func(*Snapshot)) *Snapshot {
		s := fullSnapshot()
		s.Head.Metadata = maps.Clone(s.Head.Metadata)
		edit(s)
		return s
	}
	for name, e := range edits {
		for _, tt := range []struct {
			how           Change
			edit          func(*Snapshot)
			before, after *Snapshot
		}{
			{how: WasChanged, edit: e.change}, {how: WasLost, edit: e.remove}, {how: WasAdded, edit: e.remove},
		} {
			if tt.edit == nil {
				continue
			}
			before, after := fullSnapshot(), edited(tt.edit)
			want := []string{fmt.Sprint(tt.how, " ", name)}
			if tt.how == WasAdded {
				before, after = after, before
				switch name {
				case Retention:
					want = []string{fmt.Sprint(tt.how, " ", NewRetention)}
				case ChecksumAlgorithm:
					want = nil
				}
			}
			c := before.Compare(after, snapshotTime)
			var got []string
			for _, d := range c.Differences {
				got = append(got, fmt.Sprint(d.Change, " ", d.Attribute))
				if (d.Before == "") != (d.Change == WasAdded) || (d.After == "") != (d.Change == WasLost) || d.Before == d.After {
					t.Errorf("%s %s: from %q to %q", name, tt.how, d.Before, d.After)
				}
			}
			if !reflect.DeepEqual(got, want) || len(c.Unchecked) != 0 {
				t.Errorf("%s %s: differences %q, want %q; not checked: %s", name, tt.how, got, want, Words(c.Unchecked))
			}
		}
	}
	for _, a := range append(Losses(), Length, Body) {
		if _, there := edits[a]; !there && a != NewRetention && a != BucketKey {
			t.Errorf("nothing here edits the %s", a)
		}
	}
}

// The bucket key is compared with what was asked for, whatever it was before.
func TestBucketKeyIsComparedWithWhatWasAskedFor(t *testing.T) {
	for _, sse := range []string{TargetKMS, TargetAES256} {
		for n := range 8 {
			was, asked, is := n&1 != 0, n&2 != 0, n&4 != 0
			before, after := fullSnapshot(), fullSnapshot()
			before.Head.Encryption, before.Head.BucketKey = inventory.SSEKMS, was
			after.Head.Encryption, after.Head.BucketKey = inventory.SSEKMS, is
			want := ""
			switch {
			case sse == TargetAES256:
			case asked && !is:
				want = `bucket key lost: "enabled" asked for, "" now`
			case !asked && is:
				want = `bucket key added: "" asked for, "enabled" now`
			}
			o := Options{SSE: sse, BucketKey: asked}
			c := o.Compare(before, after, snapshotTime)
			got := ""
			for _, d := range c.Differences {
				got += d.String()
			}
			if got != want {
				t.Errorf("%s, was %t, asked for %t, is %t: %q, want %q", sse, was, asked, is, got, want)
			}
		}
	}
}

// What one of two looks did not ask for, or was not told, is neither equal nor lost.
func TestNotAskedIsNeitherEqualNorLost(t *testing.T) {
	hide := map[Attribute]func(*Snapshot){
		Tags:              func(s *Snapshot) { s.Tags = Seen[[]Tag]{} },
		ACL:               func(s *Snapshot) { s.ACL = Seen[string]{} },
		Annotations:       func(s *Snapshot) { s.Annotations = Seen[[]Annotation]{} },
		ChecksumAlgorithm: func(s *Snapshot) { s.Head.ChecksumAsked, s.Head.Checksum, s.Head.ChecksumValue = false, "", "" },
		Retention:         func(s *Snapshot) { s.LocksShown, s.Head.LockMode = false, "" },
		LegalHold:         func(s *Snapshot) { s.LocksShown, s.Head.LegalHold = false, "" },
		Body:              func(s *Snapshot) { s.Body, s.Head.ChecksumValue = Seen[string]{}, "" },
	}
	for name, hide := range hide {
		seen, hidden := fullSnapshot(), fullSnapshot()
		hide(hidden)
		pairs := [][2]*Snapshot{{hidden, hidden}}
		if name != Retention && name != LegalHold { // one that was there before and is not shown after counts as lost
			pairs = append(pairs, [2]*Snapshot{seen, hidden}, [2]*Snapshot{hidden, seen})
		}
		for i, p := range pairs {
			c := p[0].Compare(p[1], snapshotTime)
			if len(c.Differences) != 0 || !slices.Equal(c.Unchecked, []Attribute{name}) {
				t.Errorf("%s not told, pair %d: differences %v; not checked: %s", name, i, c.Differences, Words(c.Unchecked))
			}
		}
	}
}

// A snapshot is read back as it was written; one of an older version says nothing
// of what it leaves out.
func TestSnapshotsAreReadBack(t *testing.T) {
	for _, s := range []*Snapshot{fullSnapshot(), {}, {Tags: Saw([]Tag(nil)), ACL: Saw(""), Annotations: Saw([]Annotation{}), Body: Saw("")}} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var got Snapshot
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		c, again := s.Compare(&got, snapshotTime), s.Compare(s, snapshotTime)
		if len(c.Differences) != 0 || !slices.Equal(c.Unchecked, again.Unchecked) {
			t.Errorf("%s\nread back: differences %v, not checked %s; want only %s", data, c.Differences, Words(c.Unchecked), Words(again.Unchecked))
		}
	}
	const old = `{"head":{"ETag":"e","Size":7,"TagCount":-1,"Checksum":"CRC32","ChecksumType":"FULL_OBJECT","ChecksumValue":"AAAA"},"annotations":-1,"tags":[{"key":"a","value":"b"}]}`
	var s Snapshot
	if err := json.Unmarshal([]byte(old), &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Hidden(); !slices.Equal(got, []Attribute{ACL, Annotations, Retention, LegalHold}) || s.Tags.String() != "[{a b}]" {
		t.Errorf("an older snapshot: not told %s, tags %s", Words(got), s.Tags)
	}
}
