package policy

import (
	"cmp"
	"reflect"
	"slices"
)

// Same tells whether two policies say the same, however they are written: a
// service may give back a list where one string was put, and another order of
// conditions.
func Same(kind Kind, a, b []byte) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	x, err := Parse(kind, a)
	y, err2 := Parse(kind, b)
	if err != nil || err2 != nil {
		return false
	}
	for _, d := range []*Document{x, y} {
		for i := range d.Statements {
			s := &d.Statements[i]
			slices.SortFunc(s.Conditions, func(a, b Condition) int {
				return cmp.Or(cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Key, b.Key))
			})
			for _, list := range [][]string{s.Actions, s.NotActions, s.Resources, s.NotResources} {
				slices.Sort(list)
			}
		}
	}
	return reflect.DeepEqual(x.Statements, y.Statements)
}
