package inventory

import "strings"

// arenaChunk is how many bytes the strings of some hundred records take.
const arenaChunk = 64 << 10

// arena makes strings out of bytes with one allocation for many of them. They
// may be kept for ever, but each keeps its whole chunk alive.
type arena struct{ b strings.Builder }

// room makes sure that n bytes can be written without moving what is there.
func (a *arena) room(n int) {
	if a.b.Cap()-a.b.Len() < n {
		a.b = strings.Builder{}
		a.b.Grow(max(n, arenaChunk))
	}
}

// string returns a string with the bytes of p.
func (a *arena) string(p []byte) string {
	if len(p) == 0 {
		return ""
	}
	a.room(len(p))
	from := a.b.Len()
	a.b.Write(p)
	return a.b.String()[from:]
}

// interner makes strings out of the values of one column that has few
// different ones: classes, states, names of buckets.
type interner struct {
	col   Column
	last  interned
	known map[string]interned
}

type interned struct {
	raw string // as read
	val string // as kept in Records
}

// maxInterned bounds the memory that a column with unexpectedly many different
// values can take for itself. Further values live in the arena.
const maxInterned = 256

func (in *interner) string(p []byte, a *arena) string {
	if string(p) == in.last.raw {
		return in.last.val
	}
	if s, ok := in.known[string(p)]; ok {
		in.last = s
		return s.val
	}
	if len(in.known) >= maxInterned || len(p) > 128 {
		return normal(in.col, a.string(p))
	}
	if in.known == nil {
		in.known = make(map[string]interned)
	}
	raw := string(p)
	in.last = interned{raw, normal(in.col, raw)}
	in.known[raw] = in.last
	return in.last.val
}
