package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxUnixMilli is the last millisecond of the year 9999, the last that fits
// the spelling of times in S3.
const maxUnixMilli = 253402300799999

var errEscape = errors.New("broken % escape")

// appendKey appends the key that the URL-encoded src stands for. CSV reports
// write a space as + and a plus as %2B; other writers use %20 for the space,
// which reads the same. Bytes are decoded, exactly once, whatever they spell.
func appendKey(dst, src []byte) ([]byte, error) {
	for {
		i := 0
		for i < len(src) && src[i] != '%' && src[i] != '+' {
			i++
		}
		dst = append(dst, src[:i]...)
		if i == len(src) {
			return dst, nil
		}
		if src[i] == '+' {
			dst, src = append(dst, ' '), src[i+1:]
			continue
		}
		if i+2 >= len(src) {
			return dst, errEscape
		}
		hi, lo := unhex[src[i+1]], unhex[src[i+2]]
		if hi > 15 || lo > 15 {
			return dst, errEscape
		}
		dst, src = append(dst, hi<<4|lo), src[i+3:]
	}
}

var errNotEncoded = errors.New("is not URL-encoded, so whether its + and % stand for themselves is not known")

// doubtful tells whether a key holds what URL encoding gives a meaning to, and
// bytes that it leaves in no key.
func doubtful(key []byte) bool {
	return bytes.ContainsAny(key, "+%") && bytes.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// unhex maps hexadecimal digits to their values and everything else to 255.
var unhex = func() (t [256]byte) {
	for i := range t {
		switch {
		case '0' <= i && i <= '9':
			t[i] = byte(i - '0')
		case 'a' <= i && i <= 'f':
			t[i] = byte(i - 'a' + 10)
		case 'A' <= i && i <= 'F':
			t[i] = byte(i - 'A' + 10)
		default:
			t[i] = 255
		}
	}
	return t
}()

// parseBool reads true or false in any case.
func parseBool(b []byte) (bool, error) {
	switch {
	case len(b) == 4 && b[0]|0x20 == 't' && b[1]|0x20 == 'r' && b[2]|0x20 == 'u' && b[3]|0x20 == 'e':
		return true, nil
	case len(b) == 5 && b[0]|0x20 == 'f' && b[1]|0x20 == 'a' && b[2]|0x20 == 'l' && b[3]|0x20 == 's' && b[4]|0x20 == 'e':
		return false, nil
	}
	return false, fmt.Errorf("%.40q is neither true nor false", b)
}

// parseSize reads a number of bytes, 0 to 2^63-1, without a sign.
func parseSize(b []byte) (int64, error) {
	var n int64
	for _, c := range b {
		d := int64(c) - '0'
		if d < 0 || d > 9 || n > (1<<63-1-d)/10 {
			return -1, fmt.Errorf("%.40q is not a size in bytes, in digits alone", b)
		}
		n = n*10 + d
	}
	if len(b) == 0 {
		return -1, errors.New("empty size")
	}
	return n, nil
}

// parseTime reads a time of the years 1 to 9999: 2006-01-02T15:04:05.000Z by position, as S3 writes it, and
// any other spelling by the general rules.
func parseTime(b []byte) (time.Time, error) {
	if len(b) == 24 && b[4] == '-' && b[7] == '-' && b[10] == 'T' && b[13] == ':' && b[16] == ':' && b[19] == '.' && b[23] == 'Z' {
		y, mo, d := digits(b[0:4]), digits(b[5:7]), digits(b[8:10])
		h, mi, s, ms := digits(b[11:13]), digits(b[14:16]), digits(b[17:19]), digits(b[20:23])
		if y >= 1 && 1 <= mo && mo <= 12 && 1 <= d && d <= daysIn(y, mo) && uint(h) < 24 && uint(mi) < 60 && uint(s) < 60 && ms >= 0 {
			sec := int64(daysSince1970(y, mo, d))*86400 + int64(h*3600+mi*60+s)
			return time.Unix(sec, int64(ms)*1e6).UTC(), nil
		}
	}
	if len(b) > 64 {
		b = b[:64]
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, string(b)); err == nil && 1 <= t.UTC().Year() && t.UTC().Year() <= 9999 { // no document holds others
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", b)
}

// timeLayouts are spellings of times beside that of S3: RFC 3339, and those that Athena,
// DuckDB and Spark write. One without a zone is in UTC, as the times of S3 are.
var timeLayouts = [...]string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05-07:00",
	"2006-01-02T15:04:05", time.DateOnly}

// digits reads a short decimal number; -1 where it is none.
func digits(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts days of the Gregorian calendar, the years of which are
// taken to begin in March, so that the leap day is the last.
func daysSince1970(y, m, d int) int {
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 1 - 719468
}

// unquoteETag takes off the quotes that some writers keep.
func unquoteETag(b []byte) []byte {
	if len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		return b[1 : len(b)-1]
	}
	return b
}

// normalTier is the spelling of an Intelligent-Tiering access tier in Records:
// reports and documents disagree about a trailing _ACCESS.
func normalTier(s string) string { return strings.TrimSuffix(strings.ToUpper(s), "_ACCESS") }

// normalBucketKey is the spelling of a bucket key's status in Records: S3 Metadata tables
// have a truth value for it.
func normalBucketKey(s string) string {
	switch s = strings.ToUpper(s); s {
	case "TRUE":
		return "ENABLED"
	case "FALSE":
		return "DISABLED"
	}
	return s
}

// normal returns the spelling of a value of column c in Records.
func normal(c Column, s string) string {
	switch c {
	case ColLockMode, ColLegalHold, ColEventHold:
		return strings.ToUpper(s)
	case ColBucketKey:
		return normalBucketKey(s)
	case ColTier:
		return normalTier(s)
	}
	return s
}
