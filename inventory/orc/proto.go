package orc

import "encoding/binary"

// Wire types of Protocol Buffers. Groups (3 and 4) are long deprecated, and no ORC message has one.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// message steps through the fields of one encoded Protocol Buffers message. It does not descend by itself: the body of a
// field is bytes until somebody makes a message of it, so nesting costs nothing and cannot run away.
type message struct {
	rest []byte
	err  error

	num  uint64 // of the current field
	wire byte
	val  uint64
	body []byte
}

// next moves to the next field. It is false at the end and on damage, which err then tells.
func (m *message) next() bool {
	if m.err != nil || len(m.rest) == 0 {
		return false
	}
	key, ok := m.varint()
	if !ok {
		return m.fail("field key")
	}
	m.num, m.wire, m.val, m.body = key>>3, byte(key&7), 0, nil
	switch m.wire {
	case wireVarint:
		if m.val, ok = m.varint(); !ok {
			return m.fail("number")
		}
	case wireBytes:
		n, ok := m.varint()
		if !ok || n > uint64(len(m.rest)) {
			return m.fail("length")
		}
		m.body, m.rest = m.rest[:n], m.rest[n:]
	case wireFixed64:
		return m.drop(8)
	case wireFixed32:
		return m.drop(4)
	default:
		return m.fail("wire type")
	}
	return true
}

func (m *message) varint() (uint64, bool) {
	v, n := binary.Uvarint(m.rest)
	if n <= 0 {
		return 0, false
	}
	m.rest = m.rest[n:]
	return v, true
}

func (m *message) drop(n int) bool {
	if len(m.rest) < n {
		return m.fail("fixed number")
	}
	m.rest = m.rest[n:]
	return true
}

func (m *message) fail(what string) bool {
	if m.err == nil {
		m.err = corrupt("bad %s in a message", what)
	}
	return false
}

// uint is the current field as a number.
func (m *message) uint() uint64 {
	if m.wire != wireVarint {
		m.fail("wire type of a number")
	}
	return m.val
}

// bytes is the body of the current field. It shares memory with the message.
func (m *message) bytes() []byte {
	if m.wire != wireBytes {
		m.fail("wire type of a body")
	}
	return m.body
}

// uints adds the numbers of the current repeated field, packed or not, to dst, which never gets longer than limit.
func (m *message) uints(dst []uint32, limit int) []uint32 {
	packed := message{rest: m.body}
	if m.wire == wireVarint {
		packed.rest = nil
		dst = m.appendUint(dst, m.val, limit)
	} else if m.wire != wireBytes {
		m.fail("wire type of a list")
	}
	for len(packed.rest) > 0 && m.err == nil {
		v, ok := packed.varint()
		if !ok {
			m.fail("number in a list")
			break
		}
		dst = m.appendUint(dst, v, limit)
	}
	return dst
}

func (m *message) appendUint(dst []uint32, v uint64, limit int) []uint32 {
	if len(dst) >= limit || v > 1<<32-1 {
		m.fail("list")
		return dst
	}
	return append(dst, uint32(v))
}

// readUints reads a message whose first fields are numbers: the first into to[0]. Fields
// that are not there leave what is there; others are passed over.
func readUints(body []byte, to ...*uint64) error {
	m := message{rest: body}
	for m.next() {
		if m.num >= 1 && m.num <= uint64(len(to)) {
			*to[m.num-1] = m.uint()
		}
	}
	return m.err
}
