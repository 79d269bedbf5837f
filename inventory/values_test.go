package inventory

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAppendKey(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		bad      bool
	}{
		{"", "", false},
		{"a/b-c_d.e~f*", "a/b-c_d.e~f*", false},
		{"a+b", "a b", false},
		{"a%2Bb", "a+b", false},
		{"a%20b", "a b", false},
		{"100%25", "100%", false},
		{"%2525", "%25", false}, // decoded once
		{"%c3%A9", "é", false},
		{"%FF%00", "\xff\x00", false}, // bytes, not runes
		{"++", "  ", false},
		{"%", "", true},
		{"%4", "", true},
		{"a%zz", "", true},
		{"a%4g", "", true},
		{"ab%", "", true},
	} {
		got, err := appendKey([]byte("x"), []byte(tt.in))
		if (err != nil) != tt.bad || err == nil && string(got) != "x"+tt.want {
			t.Errorf("%q: %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestParseBool(t *testing.T) {
	for in, want := range map[string]string{"true": "true", "TRUE": "true", "True": "true", "false": "false", "FALSE": "false", "": "error", "maybe": "error", "1": "error", "truE ": "error", "tru\x05": "error"} {
		got := "error"
		if b, err := parseBool([]byte(in)); err == nil && b {
			got = "true"
		} else if err == nil {
			got = "false"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "00": 0, "5497558138880": 5 << 40, "9223372036854775807": 1<<63 - 1, "9223372036854775808": -1, "99999999999999999999": -1, "-1": -1, "+1": -1, "12x": -1, "": -1, " 1": -1, "1e3": -1} {
		if got, err := parseSize([]byte(in)); got != want && (err == nil || want != -1) || (err != nil) != (want == -1) {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	// Every day of five centuries by position equals the library.
	for day := time.Date(1800, 1, 1, 23, 59, 58, 7e6, time.UTC); day.Year() < 2300; day = day.AddDate(0, 0, 1) {
		s := day.Format("2006-01-02T15:04:05.000Z")
		if got, err := parseTime([]byte(s)); err != nil || got != day {
			t.Fatalf("%s: %v, %v", s, got, err)
		}
	}
	for in, want := range map[string]string{
		"2024-02-29T00:00:00.000Z":      "2024-02-29T00:00:00Z",
		"2024-02-29T00:00:00Z":          "2024-02-29T00:00:00Z",
		"2024-02-29T01:00:00.5+01:00":   "2024-02-29T00:00:00.5Z",
		"2024-02-29T00:00:00.123456Z":   "2024-02-29T00:00:00.123456Z",
		"2024-02-29 00:00:00":           "2024-02-29T00:00:00Z",
		"2024-02-29 00:00:00.123 UTC":   "2024-02-29T00:00:00.123Z",
		"2024-02-29 01:00:00.5+01":      "2024-02-29T00:00:00.5Z",
		"2024-02-29 01:30:00+01:30":     "2024-02-29T00:00:00Z",
		"2024-02-29T00:00:00.123":       "2024-02-29T00:00:00.123Z",
		"2024-02-29":                    "2024-02-29T00:00:00Z",
		"2024-02-30 00:00:00":           "",
		"2024-02-29 00:00:00 CET":       "",
		"2023-02-29T00:00:00.000Z":      "",
		"1900-02-29T00:00:00.000Z":      "",
		"2024-13-01T00:00:00.000Z":      "",
		"2024-00-01T00:00:00.000Z":      "",
		"2024-01-32T00:00:00.000Z":      "",
		"2024-01-01T24:00:00.000Z":      "",
		"2024-01-01T00:60:00.000Z":      "",
		"2024-01-01T00:00:60.000Z":      "",
		"2024-01-01 00:00:00.000Z":      "",
		"2024-01-01T00:00:00.00xZ":      "",
		"0000-12-31T23:59:59.999Z":      "",
		"0001-01-01T00:00:00.000Z":      "0001-01-01T00:00:00Z",
		"0001-01-01T00:00:00+23:00":     "",
		"9999-12-31T23:59:59-23:00":     "",
		"9999-12-31 23:59:59":           "9999-12-31T23:59:59Z",
		"not a date":                    "",
		"":                              "",
		strings.Repeat("2024-01-", 500): "",
	} {
		got, err := parseTime([]byte(in))
		if want == "" {
			if err == nil {
				t.Errorf("%.40q: %v, want an error", in, got)
			}
			continue
		}
		w, perr := time.Parse(time.RFC3339Nano, want)
		if perr != nil || err != nil || !got.Equal(w) || got.Location() != time.UTC {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	for c := range numColumns {
		for _, name := range []string{c.String(), " " + c.String() + " ", snakeName(c), strings.ToUpper(snakeName(c))} {
			if got, ok := ParseColumn(name); !ok || got != c {
				t.Errorf("%q is %v, want %v", name, got, c)
			}
		}
	}
	for name, want := range map[string]Column{"e_tag": ColETag, "last_modified_date": ColLastModified, "object_lock_legal_hold_status": ColLegalHold, "is_multipart_uploaded": ColIsMultipart} {
		if got, ok := ParseColumn(name); !ok || got != want || snakeName(want) != name {
			t.Errorf("%q is %v, want %v, whose name is %q", name, got, want, snakeName(want))
		}
	}
	for name, want := range map[string]Column{"is_multipart": ColIsMultipart, "is_bucket_key_enabled": ColBucketKey, "kms_key_arn": ColKMSKey} { // of S3 Metadata
		if got, ok := ParseColumn(name); !ok || got != want {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
	if S3Columns.Has(ColKMSKey) || S3Columns.Len() != AllColumns.Len()-1 {
		t.Error("S3 Inventory has all columns but the key")
	}
	for _, name := range []string{"", "_", "FutureField", "keys"} {
		if c, ok := ParseColumn(name); ok {
			t.Errorf("%q is %v", name, c)
		}
	}
	s := ColumnsOf(ColKey, ColSize)
	if s.Len() != 2 || !s.Has(ColSize) || s.Without(ColumnsOf(ColSize)).Has(ColSize) || strings.Join(s.Names(), " ") != "Key Size" {
		t.Errorf("set %v", s.Names())
	}
}

func TestInterner(t *testing.T) {
	var a arena
	in := interner{col: ColLockMode}
	for i := range 3 * maxInterned { // more values than are kept
		raw := "mode" + strings.Repeat("x", i%300)
		for range 2 {
			if got := in.string([]byte(raw), &a); got != strings.ToUpper(raw) {
				t.Fatalf("%q: %q", raw, got)
			}
		}
	}
	if len(in.known) > maxInterned {
		t.Errorf("%d values kept", len(in.known))
	}
	if got := in.string(nil, &a); got != "" {
		t.Errorf("nothing: %q", got)
	}
	if got := (&interner{col: ColTier}).string([]byte("Archive_Instant_Access"), &a); got != "ARCHIVE_INSTANT" {
		t.Errorf("tier %q", got)
	}
}

// Strings that were handed out stay as they are when more are made.
func TestArenaKeeps(t *testing.T) {
	var a arena
	var kept []string
	var want []string
	for i := range 5000 {
		s := strings.Repeat(string(rune('a'+i%26)), i%200)
		want = append(want, s)
		kept = append(kept, a.string([]byte(s)))
	}
	big := strings.Repeat("z", 3*arenaChunk)
	if a.string([]byte(big)) != big {
		t.Error("a string larger than a chunk is wrong")
	}
	for i := range kept {
		if kept[i] != want[i] {
			t.Fatalf("string %d became %q", i, kept[i])
		}
	}
}

// The decoder agrees with net/url, whose QueryUnescape has the same meaning,
// and takes back what the encoder made.
func FuzzKey(f *testing.F) {
	for _, s := range []string{"a+b%20c", "%", "%zz", "%2525", "é/ü", "\x00\xff", "++%2B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := appendKey(nil, []byte(s))
		want, werr := url.QueryUnescape(s)
		if (err == nil) != (werr == nil) || err == nil && string(got) != want {
			t.Errorf("%q: %q, %v, want %q, %v", s, got, err, want, werr)
		}
		back, err := appendKey(nil, appendEncodedKey(nil, s))
		if err != nil || string(back) != s {
			t.Errorf("%q encoded and decoded is %q, %v", s, back, err)
		}
	})
}
