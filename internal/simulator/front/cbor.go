package front

import (
	"encoding/binary"
	"errors"
	"math"
)

// The part of CBOR (RFC 8949) that the Smithy RPC v2 protocol is written in.

// errCBOR is for a document that is not CBOR, or not of this part of it.
var errCBOR = errors.New("malformed CBOR")

// cborDepth bounds how deep values are nested.
const cborDepth = 32

// cborTime is an instant in seconds since 1970, tag 1.
type cborTime float64

// cborReader takes a document apart. Maps become map[string]any, lists []any,
// text string, bytes []byte, numbers int64 or float64, instants cborTime.
type cborReader struct{ rest []byte }

// parseCBOR reads one value that is the whole document.
func parseCBOR(data []byte) (any, error) {
	r := cborReader{data}
	v, err := r.value(0)
	if err == nil && len(r.rest) > 0 {
		err = errCBOR
	}
	return v, err
}

// The major types.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

const cborOpen = 31 // in place of a length: until a break follows

// head reads the first bytes of a value: its type, its argument, and the five
// bits that say how the argument is written.
func (r *cborReader) head() (major int, n uint64, info byte, err error) {
	if len(r.rest) == 0 {
		return 0, 0, 0, errCBOR
	}
	major, info = int(r.rest[0]>>5), r.rest[0]&31
	r.rest = r.rest[1:]
	switch {
	case info < 24:
		return major, uint64(info), info, nil
	case info == cborOpen:
		return major, 0, info, nil
	case info > 27:
		return 0, 0, 0, errCBOR
	}
	size := 1 << (info - 24)
	if len(r.rest) < size {
		return 0, 0, 0, errCBOR
	}
	var wide [8]byte
	copy(wide[8-size:], r.rest)
	r.rest = r.rest[size:]
	return major, binary.BigEndian.Uint64(wide[:]), info, nil
}

// value reads one value.
func (r *cborReader) value(depth int) (any, error) {
	major, n, info, err := r.head()
	if err != nil || depth > cborDepth {
		return nil, errCBOR
	}
	switch major {
	case cborUint, cborNegative:
		if n > math.MaxInt64 || info == cborOpen {
			return nil, errCBOR
		}
		if major == cborNegative {
			return -1 - int64(n), nil
		}
		return int64(n), nil
	case cborBytes, cborText:
		if info == cborOpen || n > uint64(len(r.rest)) {
			return nil, errCBOR
		}
		data := r.rest[:n]
		r.rest = r.rest[n:]
		if major == cborText {
			return string(data), nil
		}
		return data, nil
	case cborList:
		out := []any{}
		err := r.each(n, info, func() error {
			v, err := r.value(depth + 1)
			out = append(out, v)
			return err
		})
		return out, err
	case cborMap:
		out := map[string]any{}
		err := r.each(n, info, func() error {
			k, err := r.value(depth + 1)
			name, ok := k.(string)
			if err != nil || !ok {
				return errCBOR
			}
			out[name], err = r.value(depth + 1)
			return err
		})
		return out, err
	case cborTag:
		v, err := r.value(depth + 1)
		if n == 1 && err == nil {
			seconds, ok := numberOf(v)
			if !ok {
				return nil, errCBOR
			}
			return cborTime(seconds), nil
		}
		return v, err
	}
	return simpleCBOR(n, info)
}

// simpleCBOR is a value of the last major type.
func simpleCBOR(n uint64, info byte) (any, error) {
	switch info {
	case 20, 21:
		return info == 21, nil
	case 22, 23: // null, undefined
		return nil, nil
	case 26:
		return float64(math.Float32frombits(uint32(n))), nil
	case 27:
		return math.Float64frombits(n), nil
	}
	return nil, errCBOR
}

// each calls one n times, or until a break. Every element takes a byte at least,
// so that what is read bounds what is kept.
func (r *cborReader) each(n uint64, info byte, one func() error) error {
	for i := uint64(0); info == cborOpen || i < n; i++ {
		if info == cborOpen && len(r.rest) > 0 && r.rest[0] == 0xff {
			r.rest = r.rest[1:]
			return nil
		}
		if err := one(); err != nil {
			return err
		}
	}
	return nil
}

// numberOf is v as a number, if it is one.
func numberOf(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	case cborTime:
		return float64(n), true
	}
	return 0, false
}

// cborWriter puts a document together.
type cborWriter struct{ buf []byte }

func (w *cborWriter) head(major int, n uint64) {
	switch {
	case n < 24:
		w.buf = append(w.buf, byte(major<<5)|byte(n))
	case n <= math.MaxUint32:
		w.buf = binary.BigEndian.AppendUint32(append(w.buf, byte(major<<5)|26), uint32(n))
	default:
		w.buf = binary.BigEndian.AppendUint64(append(w.buf, byte(major<<5)|27), n)
	}
}

func (w *cborWriter) text(s string) {
	w.head(cborText, uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *cborWriter) float(f float64) {
	w.buf = binary.BigEndian.AppendUint64(append(w.buf, cborSimple<<5|27), math.Float64bits(f))
}

// time writes an instant.
func (w *cborWriter) time(seconds float64) {
	w.head(cborTag, 1)
	w.float(seconds)
}

// field writes a key; its value has to follow.
func (w *cborWriter) field(name string) *cborWriter {
	w.text(name)
	return w
}
