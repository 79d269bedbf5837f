package simulator

import (
	"crypto/sha256"
	"iter"
	"reflect"
	"testing"
	"time"
)

func pull(b *bench) (func() (ObjectInfo, bool), func()) {
	return iter.Pull(func(yield func(ObjectInfo) bool) {
		for o := range b.Walk("bkt") {
			if !yield(o) {
				return
			}
		}
	})
}

func digestOne(o ObjectInfo) [32]byte {
	h := sha256.New()
	o.hash(h)
	return [32]byte(h.Sum(nil))
}

// TestDigestSeesEveryField changes each field of an ObjectInfo in turn, by reflection, so that a new field that the
// digest leaves out fails here.
func TestDigestSeesEveryField(t *testing.T) {
	var change func(name string, v reflect.Value, o *ObjectInfo, same [32]byte)
	change = func(name string, v reflect.Value, o *ObjectInfo, same [32]byte) {
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(t0))
		} else {
			switch v.Kind() {
			case reflect.String:
				v.SetString("changed")
			case reflect.Int, reflect.Int64:
				v.SetInt(7)
			case reflect.Bool:
				v.SetBool(true)
			case reflect.Slice:
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			case reflect.Map:
				v.Set(reflect.ValueOf(map[string]string{"a": "b"}))
			case reflect.Struct:
				for i := range v.NumField() {
					change(name+"."+v.Type().Field(i).Name, v.Field(i), o, same)
				}
				return
			case reflect.Pointer:
				v.Set(reflect.New(v.Type().Elem()))
				change(name, v.Elem(), o, same)
				return
			default:
				t.Fatalf("%s is of kind %s", name, v.Kind())
			}
		}
		if digestOne(*o) == same {
			t.Errorf("%s is not in the digest", name)
		}
		v.SetZero()
	}
	var o ObjectInfo
	v := reflect.ValueOf(&o).Elem()
	for i := range v.NumField() {
		change(v.Type().Field(i).Name, v.Field(i), &o, digestOne(ObjectInfo{}))
	}
}

// TestDigest: what changes content or state changes the digest, and reading does not.
func TestDigest(t *testing.T) {
	b := newBench(t, Config{})
	if err := b.Populate("bkt", Population{N: 100, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	b.put("bkt", "zz", "x")
	before := b.Digest("bkt", nil)
	b.head("bkt", "zz", "")
	if _, err := b.ListObjects(b.tick(), &ListObjectsInput{Request: in("bkt")}); err != nil {
		t.Fatal(err)
	}
	_, err := b.copy(selfCopy("bkt", "zz", func(c *CopyObjectInput) { c.Conditions.IfMatch = "no" }))
	b.want(err, 412, "PreconditionFailed")
	if b.Digest("bkt", nil) != before {
		t.Error("reading and failing changed the digest")
	}
	b.now = b.now.Add(-time.Second)
	if err := b.SeedObject("bkt", ObjectInfo{Key: "zz", ETag: b.head("bkt", "zz", "").ETag, LastModified: b.head("bkt", "zz", "").LastModified}, Bytes([]byte("y"))); err != nil {
		t.Fatal(err)
	}
	if b.Digest("bkt", nil) == before {
		t.Error("other content under the same ETag has the same digest")
	}
}
