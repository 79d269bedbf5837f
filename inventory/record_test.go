package inventory

import (
	"reflect"
	"testing"
	"unsafe"
)

// A clone shares no string with its record, whatever fields a record has.
func TestCloneSharesNothing(t *testing.T) {
	var r Record
	v := reflect.ValueOf(&r).Elem()
	strings := 0
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.String {
			f.SetString("text of " + v.Type().Field(i).Name)
			strings++
		}
	}
	c := r.Clone()
	if c != r {
		t.Errorf("the clone is another record: %+v", c)
	}
	w := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String && unsafe.StringData(v.Field(i).String()) == unsafe.StringData(w.Field(i).String()) {
			t.Errorf("%s is shared", v.Type().Field(i).Name)
		}
	}
	if strings < 16 {
		t.Errorf("%d strings in a record: the test looks at the wrong thing", strings)
	}
}

// Every column that is text is kept somewhere, and no two in the same place.
func TestEveryTextHasItsPlace(t *testing.T) {
	var r Record
	places := map[*string]Column{}
	for col := range numColumns {
		if s := r.text(col); s != nil {
			if other, taken := places[s]; taken {
				t.Errorf("%s and %s are kept in the same place", other, col)
			}
			places[s] = col
		}
	}
	texts := 0
	v := reflect.ValueOf(&r).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			texts++
		}
	}
	if len(places) != texts {
		t.Errorf("%d columns are text, a record has %d strings", len(places), texts)
	}
}
