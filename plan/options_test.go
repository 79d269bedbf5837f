package plan

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// Every option that changes decisions must change the hash, or a resume would
// go on under other rules; and each must be named when it differs.
func TestHashCoversEveryOption(t *testing.T) {
	base := Frozen{Version: DecisionVersion, ManifestMD5: "m", Options: Options{Bucket: "b"}.Normal()}
	seen := map[string]string{base.Hash(): "the unchanged job"}
	fields := reflect.TypeFor[Options]()
	for i := range fields.NumField() {
		changed := base
		f := reflect.ValueOf(&changed.Options).Elem().Field(i)
		switch f.Kind() {
		case reflect.String:
			f.SetString("changed")
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int64:
			f.SetInt(77)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"changed"}))
		case reflect.Struct:
			f.Set(reflect.ValueOf(time.Unix(77, 0).UTC()))
		default:
			t.Fatalf("option %s has a kind this test does not change", fields.Field(i).Name)
		}
		h := changed.Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("changing %s gives the hash of %s", fields.Field(i).Name, other)
		}
		seen[h] = fields.Field(i).Name
		if d := base.Differences(changed); len(d) != 1 {
			t.Errorf("changing %s is named as %q, want exactly one difference", fields.Field(i).Name, d)
		}
	}
	moved := base
	moved.Manifest, moved.Now = "elsewhere", time.Unix(1, 0)
	if moved.Hash() != base.Hash() {
		t.Error("the same report at another place makes another job")
	}
	other := base
	other.ManifestMD5 = "n"
	if other.Hash() == base.Hash() || !strings.Contains(base.Differences(other)[0], "manifest") {
		t.Error("another report makes the same job")
	}
}

func TestNormal(t *testing.T) {
	a := Options{Prefixes: []string{"b/", "a/", "b/"}}.Normal()
	b := Options{Prefixes: []string{"a/", "b/"}, Multipart: SingleCopyLimit}.Normal()
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v mean the same but differ", a, b)
	}
}
