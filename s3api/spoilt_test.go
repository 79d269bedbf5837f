package s3api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/plan"
)

// The table of cells: each attribute of an object x {lost, changed, added} x {copy,
// parts, update} x {probe, canary, verify}. A server spoils one attribute while the
// object is written; each of the three has to name it, and nothing else. What cannot
// happen has its reason in the table or in why: nothing is left out in silence.

// spoiltRow is an attribute and what a comparison calls it that a server loses it,
// changes it, or adds it; "(reason)" where it cannot.
type spoiltRow struct {
	attribute        simulator.Attribute
	lose, alter, add plan.Attribute
	locked           bool // S3 updates no object that has it
}

const (
	always  = "(every object has one)"
	flag    = "(it is on or off)"
	notASum = "(an object without a checksum gets one with every write, which is no difference)"
	noType  = "(there is one where there is a checksum)"
)

// spoilt has a row for each attribute of the simulator that a comparison is about.
func spoilt() []spoiltRow {
	return []spoiltRow{
		{simulator.AttrContentType, plan.ContentType, plan.ContentType, plan.ContentType, false},
		{simulator.AttrCacheControl, plan.CacheControl, plan.CacheControl, plan.CacheControl, false},
		{simulator.AttrContentDisposition, plan.ContentDisposition, plan.ContentDisposition, plan.ContentDisposition, false},
		{simulator.AttrContentEncoding, plan.ContentEncoding, plan.ContentEncoding, plan.ContentEncoding, false},
		{simulator.AttrContentLanguage, plan.ContentLanguage, plan.ContentLanguage, plan.ContentLanguage, false},
		{simulator.AttrExpires, plan.Expires, plan.Expires, plan.Expires, false},
		{simulator.AttrUserMetadata, plan.UserMetadata, plan.UserMetadata, plan.UserMetadata, false},
		{simulator.AttrHiddenMetadata, plan.HiddenMetadata, plan.HiddenMetadata, plan.HiddenMetadata, false},
		{simulator.AttrTags, plan.Tags, plan.Tags, plan.Tags, false},
		{simulator.AttrStorageClass, plan.Class, plan.Class, plan.Class, false}, // lost is back to STANDARD, added is another than STANDARD
		{simulator.AttrWebsiteRedirect, plan.Redirect, plan.Redirect, plan.Redirect, false},
		{simulator.AttrACL, plan.ACL, plan.ACL, plan.ACL, false},
		{simulator.AttrAnnotations, plan.Annotations, plan.Annotations, plan.Annotations, false},
		{simulator.AttrRetention, plan.Retention, plan.Retention, plan.NewRetention, true},
		{simulator.AttrLegalHold, plan.LegalHold, flag, plan.LegalHold, true},
		{simulator.AttrEventHold, plan.EventHold, plan.EventHold, plan.EventHold, true},
		{simulator.AttrChecksum, plan.ChecksumAlgorithm, plan.ChecksumAlgorithm, notASum, false},
		{simulator.AttrChecksumType, noType, plan.ChecksumType, noType, false},
		{simulator.AttrBucketKey, plan.BucketKey, flag, plan.BucketKey, false}, // where it was asked for, and where it was not
		{simulator.AttrSize, always, plan.Length, always, false},
		{simulator.AttrBody, always, plan.Body, always, false},
	}
}

// why says why an object does not come to be written in this way while a server does
// that to it; "" where it does. Where an attribute is added it has nothing.
func (s *spoiltRow) why(way simulator.Way, how simulator.Spoiling) string {
	has := how != simulator.Append
	switch {
	case way == simulator.ByUpdate && s.locked && has:
		return "S3 refuses to update a locked object"
	case way == simulator.ByParts && has && s.attribute == simulator.AttrHiddenMetadata:
		return "reseal refuses to copy an object in parts whose metadata headers cannot express"
	case way == simulator.ByParts && has && s.attribute == simulator.AttrAnnotations:
		return "annotations are put after the completion, by requests of their own"
	case way == simulator.ByParts && !has && s.attribute == simulator.AttrContentType:
		return "every look shows a Content-Type, so that one is sent"
	}
	return ""
}

// unprobed says why a probe cannot see what a server does to its scratch object, ""
// where it can. It is small, in STANDARD, and has what a PutObject gives it.
func (s *spoiltRow) unprobed(how simulator.Spoiling) string {
	given := []simulator.Attribute{simulator.AttrContentType, simulator.AttrCacheControl, simulator.AttrContentDisposition, simulator.AttrContentLanguage,
		simulator.AttrExpires, simulator.AttrUserMetadata, simulator.AttrTags, simulator.AttrChecksum, simulator.AttrChecksumType}
	sets := []simulator.Attribute{simulator.AttrUserMetadata, simulator.AttrTags} // which take one more
	ofAny := []simulator.Attribute{simulator.AttrBody, simulator.AttrSize, simulator.AttrBucketKey}
	has := slices.Contains(given, s.attribute)
	switch {
	case s.locked:
		return "a locked scratch object could not be deleted again"
	case s.attribute == simulator.AttrACL || s.attribute == simulator.AttrAnnotations:
		return "a probe reads neither ACL nor annotations: the canary does"
	case slices.Contains(ofAny, s.attribute), s.attribute == simulator.AttrStorageClass && how != simulator.Lose:
		return ""
	case s.attribute == simulator.AttrStorageClass:
		return "it is in STANDARD"
	case how != simulator.Append && !has:
		return "the scratch object has none: not every server takes it"
	case how == simulator.Append && has && !slices.Contains(sets, s.attribute):
		return "the scratch object has one already"
	}
	return ""
}

// eachSpoilt calls f with every cell that can be.
func eachSpoilt(f func(row *spoiltRow, how simulator.Spoiling, want plan.Attribute)) {
	for _, row := range spoilt() {
		for _, c := range []struct {
			how  simulator.Spoiling
			want plan.Attribute
		}{{simulator.Lose, row.lose}, {simulator.Alter, row.alter}, {simulator.Append, row.add}} {
			if !strings.HasPrefix(string(c.want), "(") {
				f(&row, c.how, c.want)
			}
		}
	}
}

// A new attribute of a comparison needs a row in the table.
func TestEveryAttributeIsSpoilt(t *testing.T) {
	named := map[plan.Attribute]bool{}
	eachSpoilt(func(_ *spoiltRow, _ simulator.Spoiling, want plan.Attribute) { named[want] = true })
	// A run changes the encryption on purpose: it is held against the key, see the
	// tests of package verify, and not against what was before.
	all := slices.DeleteFunc(attributeConstants(t), func(a plan.Attribute) bool { return a == plan.Encryption })
	for _, a := range append(all, plan.Losses()...) {
		if !named[a] {
			t.Errorf("nothing spoils the %s", a)
		}
	}
	if len(all) != len(named) || len(all) != len(plan.Losses())+2 { // size and body, which nobody can accept the loss of
		t.Errorf("%d attributes, %d in the table, %d that can be accepted by name", len(all), len(named), len(plan.Losses()))
	}
}

// attributeConstants are all that the source of plan declares.
func attributeConstants(t *testing.T) (all []plan.Attribute) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../plan/attributes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if of, ok := v.Type.(*ast.Ident); !ok || of.Name != "Attribute" {
			return true
		}
		name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, plan.Attribute(name))
		return true
	})
	return all
}
