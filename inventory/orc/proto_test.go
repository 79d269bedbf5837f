package orc

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func TestMessage(t *testing.T) {
	var m []byte
	m = appendUintField(m, 1, 300)
	m = appendBytesField(m, 5000, []byte("body"))
	m = append(m, 3<<3|wireFixed64, 1, 2, 3, 4, 5, 6, 7, 8)
	m = append(m, 4<<3|wireFixed32, 1, 2, 3, 4)
	m = appendBytesField(m, 2, nil)
	type field struct {
		num, val uint64
		body     string
	}
	want := []field{{1, 300, ""}, {5000, 0, "body"}, {3, 0, ""}, {4, 0, ""}, {2, 0, ""}}
	var got []field
	in := message{rest: m}
	for in.next() {
		got = append(got, field{in.num, in.val, string(in.body)})
	}
	if in.err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, in.err, want)
	}
}

func TestMessageDamage(t *testing.T) {
	for name, data := range map[string][]byte{
		"key cut":          {0x80},
		"number cut":       {0x08, 0x80},
		"number too long":  {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"length missing":   {0x0a},
		"one byte missing": {0x0a, 3, 1, 2},
		"endless body":     {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"64 bits cut":      {0x09, 1, 2, 3, 4, 5, 6, 7},
		"32 bits cut":      {0x0d, 1, 2, 3},
		"group":            {0x0b},
	} {
		// Bytes that follow in memory are not part of the message.
		m := message{rest: append(bytes.Clone(data), make([]byte, 64)...)[:len(data)]}
		for m.next() {
			t.Errorf("%s: field %d with %d and %x", name, m.num, m.val, m.body)
		}
		if !errors.Is(m.err, ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", name, m.err)
		}
	}
}

func TestMessageLists(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want []uint32
		ok   bool
	}{
		{"packed", []byte{0x0a, 3, 1, 0x80, 0x01}, []uint32{1, 128}, true},
		{"one by one", []byte{0x08, 1, 0x08, 2}, []uint32{1, 2}, true},
		{"both", []byte{0x08, 1, 0x0a, 2, 2, 3}, []uint32{1, 2, 3}, true},
		{"packed and too long", []byte{0x0a, 4, 1, 2, 3, 4}, []uint32{1, 2, 3}, false},
		{"one by one and too long", []byte{0x08, 1, 0x08, 2, 0x08, 3, 0x08, 4}, []uint32{1, 2, 3}, false},
		{"number cut", []byte{0x0a, 1, 0x80}, nil, false},
		{"33 bits", []byte{0x08, 0xff, 0xff, 0xff, 0xff, 0x1f}, nil, false},
	} {
		m := message{rest: c.data}
		var got []uint32
		for m.next() {
			got = m.uints(got, 3)
		}
		if !slices.Equal(got, c.want) || (m.err == nil) != c.ok {
			t.Errorf("%s: got %d, %v; want %d, ok=%t", c.name, got, m.err, c.want, c.ok)
		}
	}
}
