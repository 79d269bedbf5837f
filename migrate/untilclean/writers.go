package untilclean

import (
	"cmp"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/job/generations"
)

const (
	// mostKept is how many places are counted one by one. Objects of others are counted
	// together, under no prefix.
	mostKept = 10_000

	// depth is how many folders of a key are its place.
	depth = 2

	// longest is how much of a place is kept, in bytes.
	longest = 512
)

// writers counts where objects arrive.
type writers struct {
	by map[writer]*generations.Writer
}

type writer struct{ prefix, owner string }

func newWriters() *writers { return &writers{map[writer]*generations.Writer{}} }

// see counts an object.
func (w *writers) see(r *inventory.Record) {
	at := writer{placeOf(r.Key), strings.ToValidUTF8(clipped(r.Owner), "")}
	one := w.by[at]
	if one == nil {
		if len(w.by) >= mostKept {
			at = writer{}
		} else {
			at = writer{strings.Clone(at.prefix), strings.Clone(at.owner)}
		}
		if one = w.by[at]; one == nil {
			one = &generations.Writer{Prefix: at.prefix, Owner: at.owner}
			w.by[at] = one
		}
	}
	one.Objects++
	if r.LastModified.After(one.Last) {
		one.Last = r.LastModified.UTC()
	}
}

// placeOf is the beginning of a key up to its second slash, or to its last one before.
func placeOf(key string) string {
	end := 0
	for range depth {
		next := strings.IndexByte(key[end:], '/')
		if next < 0 {
			break
		}
		end += next + 1
	}
	return strings.ToValidUTF8(clipped(key[:end]), "")
}

func clipped(s string) string { return s[:min(len(s), longest)] }

// most are the places where most objects arrived.
func (w *writers) most(n int) []generations.Writer {
	all := make([]generations.Writer, 0, len(w.by))
	for _, one := range w.by {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b generations.Writer) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Owner, b.Owner))
	})
	return all[:min(len(all), n)]
}
