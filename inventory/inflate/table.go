package inflate

import "math/bits"

// An entry of a table says what a code stands for:
//
//	bits 16-31  the literal, or the base of the length or distance, or where a table for
//	            longer codes begins
//	bits  8-13  bits of the code itself; for a table for longer codes, of its index
//	bits  0-7   bits to pass over: the code and what follows it
//
// Bit 15 marks what is no length or distance, bit 14 a table for longer codes, bit 6 the end
// of a block, bit 7 a literal. 0 stands for no code at all.
type entry = uint32

const (
	isOther   = 1 << 15
	isTable   = 1 << 14
	isEnd     = 1 << 6
	isLiteral = 1 << 7
	bitCount  = 1<<6 - 1 // to pass over: 15 of a code and 13 behind it at most
)

const (
	maxCode  = 15  // bits of the longest code
	litBits  = 11  // of an index into the table of literals and lengths
	distBits = 8   // into that of distances
	numLit   = 288 // codes of literals and lengths, of which the last two stand for nothing
	numDist  = 32  // likewise
	numPre   = 19  // codes for the lengths of codes
	preBits  = 7

	// Tables with those for longer codes: 2342 and 402 entries at most, as zlib's enough.c
	// counts them.
	litSize  = 1 << 12
	distSize = 1 << 9
)

// build fills a table for codes of the given lengths, with index bits for the first part
// of it; symbols are what the codes stand for. It returns false for lengths that make no
// whole code. A single code of one bit does, and none at all.
func build(table []entry, index int, lengths []uint8, symbols []entry) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used := len(lengths) - count[0]
	count[0] = 0
	var next [maxCode + 2]int // first place in sorted, by length
	space := 0                // of codes of 15 bits
	for n := 1; n <= maxCode; n++ {
		next[n+1] = next[n] + count[n]
		space += count[n] << (maxCode - n)
	}
	if used == 0 || space != 1<<maxCode {
		clear(table[:1<<index])
		if used > 0 && (used != 1 || count[1] != 1) {
			return false
		}
	}
	var sorted [numLit]uint16 // symbols in the order of their codes
	for s, n := range lengths {
		if n > 0 {
			sorted[next[n]] = uint16(s)
			next[n]++
		}
	}
	code, place := 0, 0
	for n := 1; n <= index; n++ {
		for range count[n] {
			e := withCode(symbols[sorted[place]], n)
			for i := int(reversed(code, n)); i < 1<<index; i += 1 << n {
				table[i] = e
			}
			place++
			code++
		}
		code <<= 1
	}
	buildLong(table, index, lengths, sorted[place:used], symbols, code)
	return true
}

// buildLong adds tables for codes that are longer than the index; code is the first of
// one bit more. Codes that begin alike follow each other.
func buildLong(table []entry, index int, lengths []uint8, sorted []uint16, symbols []entry, code int) {
	free := 1 << index
	for n := index + 1; len(sorted) > 0; {
		// Those with the beginning of the first one: the last is the longest.
		beginning, group, last, c := code>>(n-index), 0, n, code
		for _, s := range sorted {
			c <<= int(lengths[s]) - last
			last = int(lengths[s])
			if c>>(last-index) != beginning {
				break
			}
			group++
			c++
		}
		width := int(lengths[sorted[group-1]]) - index
		table[reversed(beginning, index)] = entry(free)<<16 | isOther | isTable | entry(width)<<8 | entry(index)
		for _, s := range sorted[:group] {
			code <<= int(lengths[s]) - n
			n = int(lengths[s])
			e := withCode(symbols[s], n-index)
			for i := int(reversed(code&(1<<(n-index)-1), n-index)); i < 1<<width; i += 1 << (n - index) {
				table[free+i] = e
			}
			code++
		}
		sorted = sorted[group:]
		free += 1 << width
	}
}

// withCode adds to what a symbol stands for the n bits of its code, or of what of it is
// in the table.
func withCode(symbol entry, n int) entry {
	if symbol == 0 { // it stands for nothing
		return 0
	}
	return symbol + entry(n)<<8 + entry(n)
}

// reversed returns the n bits of code in the order in which they come.
func reversed(code, n int) uint16 { return bits.Reverse16(uint16(code)) >> (16 - n) }

// litSymbols, distSymbols and preSymbols are what codes stand for, without their bits.
var litSymbols = func() (t [numLit]entry) {
	for s := range 256 {
		t[s] = entry(s)<<16 | isOther | isLiteral
	}
	t[256] = isOther | isEnd
	base := 3
	for s := 257; s < 285; s++ {
		extra := max(0, (s-261)/4)
		t[s] = entry(base)<<16 | entry(extra)
		base += 1 << extra
	}
	t[285] = 258 << 16
	return t
}()

var distSymbols = func() (t [numDist]entry) {
	base := 1
	for s := range 30 {
		extra := max(0, (s-2)/2)
		t[s] = entry(base)<<16 | entry(extra)
		base += 1 << extra
	}
	return t
}()

var preSymbols = func() (t [numPre]entry) {
	for s := range t {
		t[s] = entry(s)<<16 | isOther
	}
	return t
}()
