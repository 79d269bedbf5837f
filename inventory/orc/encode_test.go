package orc

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// The encoders of this file write what the decoders read, so that tests need no other program's files. They aim at plain
// code and at reaching every form of the format, not at small output.

// encodeBytes writes byte runs: three or more equal bytes as a run, others as they are.
func encodeBytes(values []byte) []byte {
	var out []byte
	for i := 0; i < len(values); {
		n := equalPrefix(values[i:], 130)
		if n >= 3 {
			out = append(out, byte(n-3), values[i])
			i += n
			continue
		}
		start := i
		for i < len(values) && i-start < 128 && equalPrefix(values[i:], 3) < 3 {
			i++
		}
		out = append(out, byte(256-(i-start)))
		out = append(out, values[start:i]...)
	}
	return out
}

func equalPrefix[T comparable](values []T, limit int) int {
	n := 1
	for n < len(values) && n < limit && values[n] == values[0] {
		n++
	}
	return min(n, len(values))
}

func encodeBools(values []bool) []byte {
	packed := make([]byte, (len(values)+7)/8)
	for i, v := range values {
		if v {
			packed[i/8] |= 0x80 >> (i % 8)
		}
	}
	return encodeBytes(packed)
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func appendVarint(out []byte, v int64, signed bool) []byte {
	if signed {
		return binary.AppendUvarint(out, zigzag(v))
	}
	return binary.AppendUvarint(out, uint64(v))
}

// encodeInts writes integers in version 1 or 2.
func encodeInts(values []int64, signed, v2 bool) []byte {
	if v2 {
		return encodeIntsV2(values, signed)
	}
	return encodeIntsV1(values, signed)
}

func encodeIntsV1(values []int64, signed bool) []byte {
	var out []byte
	for i := 0; i < len(values); {
		if n := steadyPrefix(values[i:], 130); n >= 3 && int64(int8(values[i+1]-values[i])) == values[i+1]-values[i] {
			out = append(out, byte(n-3), byte(values[i+1]-values[i]))
			out = appendVarint(out, values[i], signed)
			i += n
			continue
		}
		n := min(3, len(values)-i)
		for n < 128 && i+n < len(values) && steadyPrefix(values[i+n:], 3) < 3 {
			n++
		}
		out = append(out, byte(256-n))
		for _, v := range values[i : i+n] {
			out = appendVarint(out, v, signed)
		}
		i += n
	}
	return out
}

// steadyPrefix is the number of values, limit at most, that go on in the step between the first two.
func steadyPrefix(values []int64, limit int) int {
	n := min(2, len(values))
	for n < len(values) && n < limit && values[n]-values[n-1] == values[1]-values[0] {
		n++
	}
	return n
}

// encodeIntsV2 writes runs of version 2, in the form that suits the values at hand.
func encodeIntsV2(values []int64, signed bool) []byte {
	var out []byte
	for len(values) > 0 {
		if n := equalPrefix(values, 10); n >= 3 && equalPrefix(values, 11) == n {
			out = appendShortRepeat(out, values[0], n, signed)
			values = values[n:]
			continue
		}
		if n := steadyPrefix(values, maxRun); n >= 3 {
			out = appendFixedDelta(out, values[:n], signed)
			values = values[n:]
			continue
		}
		n := 1
		for n < len(values) && n < maxRun && equalPrefix(values[n:], 3) < 3 {
			n++
		}
		run := values[:n]
		values = values[n:]
		if delta, ok := appendDelta(out, run, signed); ok {
			out = delta
		} else if patched, ok := appendPatchedBase(out, run); ok {
			out = patched
		} else {
			out = appendDirect(out, run, signed)
		}
	}
	return out
}

func appendShortRepeat(out []byte, v int64, n int, signed bool) []byte {
	u := uint64(v)
	if signed {
		u = zigzag(v)
	}
	w := max(1, (bits.Len64(u)+7)/8)
	out = append(out, byte((w-1)<<3|(n-3)))
	return appendBigEndian(out, u, w)
}

func appendBigEndian(out []byte, u uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		out = append(out, byte(u>>(8*i)))
	}
	return out
}

// widthCode is the five bits that stand for a width in bits.
func widthCode(w int) int { return slices.Index(bitWidths[:], uint8(w)) }

func appendRunHeader(out []byte, kind, code, n int) []byte {
	return append(out, byte(kind<<6|code<<1|(n-1)>>8), byte(n-1))
}

func appendDirect(out []byte, run []int64, signed bool) []byte {
	coded := make([]uint64, len(run))
	width := 1
	for i, v := range run {
		coded[i] = uint64(v)
		if signed {
			coded[i] = zigzag(v)
		}
		width = max(width, bits.Len64(coded[i]))
	}
	width = fixedWidth(width)
	out = appendRunHeader(out, 1, widthCode(width), len(run))
	return appendBits(out, coded, width)
}

func appendBits(out []byte, values []uint64, width int) []byte {
	free := 0
	for _, v := range values {
		for b := width - 1; b >= 0; b-- {
			if free == 0 {
				out, free = append(out, 0), 8
			}
			free--
			out[len(out)-1] |= byte(v>>b&1) << free
		}
	}
	return out
}

func appendFixedDelta(out []byte, run []int64, signed bool) []byte {
	out = appendRunHeader(out, 3, 0, len(run))
	out = appendVarint(out, run[0], signed)
	return binary.AppendUvarint(out, zigzag(run[1]-run[0]))
}

// appendDelta writes a run whose steps all have the same sign.
func appendDelta(out []byte, run []int64, signed bool) ([]byte, bool) {
	if len(run) < 3 || run[0] == run[1] {
		return out, false
	}
	var steps []uint64
	width := 2 // code 0 would be a run without steps
	for i := 1; i < len(run); i++ {
		step := run[i] - run[i-1]
		if (run[i] < run[i-1]) != (run[1] < run[0]) && step != 0 || (step < 0) != (run[i] < run[i-1]) {
			return out, false // turns, or is too large a step for 64 bits
		}
		size := uint64(step)
		if step < 0 {
			size = -size
		}
		steps = append(steps, size)
		if i > 1 {
			width = max(width, bits.Len64(size))
		}
	}
	width = fixedWidth(width)
	out = appendRunHeader(out, 3, widthCode(width), len(run))
	out = appendVarint(out, run[0], signed)
	out = binary.AppendUvarint(out, zigzag(run[1]-run[0]))
	return appendBits(out, steps[1:], width), true
}

// appendPatchedBase writes a run of which up to a tenth of the values need more bits than the others.
func appendPatchedBase(out []byte, run []int64) ([]byte, bool) {
	base := slices.Min(run)
	coded := make([]uint64, len(run))
	widths := make([]int, len(run))
	for i, v := range run {
		if v-base < 0 {
			return out, false
		}
		coded[i] = uint64(v - base)
		widths[i] = bits.Len64(coded[i])
	}
	sorted := slices.Sorted(slices.Values(widths))
	width := fixedWidth(max(1, sorted[(len(sorted)-1)*9/10]))
	patchWidth := sorted[len(sorted)-1] - width
	if patchWidth <= 0 {
		return out, false
	}
	patchWidth = fixedWidth(patchWidth)
	var gaps, values []uint64
	at := 0
	for i, v := range coded {
		if v>>width == 0 {
			continue
		}
		gap := i - at
		for ; gap > 255; gap -= 255 {
			gaps, values = append(gaps, 255), append(values, 0)
		}
		gaps, values = append(gaps, uint64(gap)), append(values, v>>width)
		at = i
		coded[i] &= 1<<width - 1
	}
	gapWidth := max(1, bits.Len64(slices.Max(gaps)))
	magnitude := uint64(base)
	if base < 0 {
		magnitude = -magnitude
	}
	baseBytes := bits.Len64(magnitude)/8 + 1 // with room for the sign
	if len(gaps) > 31 || patchWidth+gapWidth > 64 || baseBytes > 8 {
		return out, false
	}
	if base < 0 {
		magnitude |= 1 << (8*baseBytes - 1)
	}
	out = appendRunHeader(out, 2, widthCode(width), len(run))
	out = append(out, byte((baseBytes-1)<<5|widthCode(patchWidth)), byte((gapWidth-1)<<5|len(gaps)))
	out = appendBigEndian(out, magnitude, baseBytes)
	out = appendBits(out, coded, width)
	for i := range gaps {
		gaps[i] = gaps[i]<<patchWidth | values[i]
	}
	return appendBits(out, gaps, fixedWidth(patchWidth+gapWidth)), true
}
