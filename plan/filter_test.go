package plan

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reseal/inventory"
)

func TestMatchesGlob(t *testing.T) {
	tests := []struct {
		pattern, key string
		want         bool
	}{
		{"*", "", true},
		{"*", "a/b", true},
		{"", "", true},
		{"", "a", false},
		{"*.parquet", "a/b/c.parquet", true},
		{"*.parquet", "a/b/c.parquet.tmp", false},
		{"logs/*/2026-*", "logs/a/b/2026-11", true},
		{"?", "ä", true},
		{"?", "ab", false},
		{"a?c", "a/c", true},
		{"*ab", "aab", true},
		{"*a*b*c", "xaxbxbxc", true},
		{"*a*b*c", "xaxbxb", false},
		{"[a]", "[a]", true},
		{"[a]", "a", false},
		{`a\*`, "a*", false},
		{"a**b", "ab", true},
		{"\xff*", "\xffa", true},
	}
	for _, test := range tests {
		if got := MatchesGlob(test.pattern, test.key); got != test.want {
			t.Errorf("MatchesGlob(%q, %q) = %v, want %v", test.pattern, test.key, got, test.want)
		}
	}
}

// A pattern means what it means written as a regular expression.
func FuzzMatchesGlob(f *testing.F) {
	f.Add("*a*b?", "xaxbc")
	f.Add("a**?b", "aéb")
	f.Fuzz(func(t *testing.T, pattern, key string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(key) || len(pattern) > 200 {
			return
		}
		as := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`\A(?s:` + as + `)\z`).MatchString(key)
		if got := MatchesGlob(pattern, key); got != want {
			t.Errorf("MatchesGlob(%q, %q) = %v, want %v", pattern, key, got, want)
		}
	})
}

func TestFiltersOfKeyAndAge(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	row := func(key string, changed time.Time) *inventory.Record {
		return &inventory.Record{Bucket: "b", Key: key, Size: 1, LastModified: changed, IsLatest: true, Encryption: inventory.SSES3}
	}
	old := row("a/b.log", now.Add(-40*day))
	tests := []struct {
		name    string
		options Options
		row     *inventory.Record
		want    bool
	}{
		{"included", Options{IncludeGlobs: []string{"x", "*.log"}}, old, true},
		{"not included", Options{IncludeGlobs: []string{"*.txt"}}, old, false},
		{"excluded", Options{ExcludeGlobs: []string{"*.log"}}, old, false},
		{"excluded although included", Options{IncludeGlobs: []string{"a/*"}, ExcludeGlobs: []string{"*.log"}}, old, false},
		{"old enough", Options{MinAge: 40 * day}, old, true},
		{"not old enough", Options{MinAge: 40*day + 1}, old, false},
		{"young enough", Options{MaxAge: 40 * day}, old, true},
		{"not young enough", Options{MaxAge: 40*day - 1}, old, false},
		{"before a date", Options{Before: old.LastModified.Add(1)}, old, true},
		{"not before a date", Options{Before: old.LastModified}, old, false},
		{"since a date", Options{After: old.LastModified}, old, true},
		{"not since a date", Options{After: old.LastModified.Add(1)}, old, false},
		{"date not known", Options{MinAge: 400 * day}, row("a", time.Time{}), true},
	}
	for _, test := range tests {
		p := &Policy{Options: test.options, Now: now}
		if got := p.selected(test.row); got != test.want {
			t.Errorf("%s: selected %v, want %v", test.name, got, test.want)
		}
		other := Frozen{Options: Options{}.Normal()}
		if d := other.Differences(Frozen{Options: test.options.Normal()}); len(d) == 0 {
			t.Errorf("%s: no difference to a job without it", test.name)
		}
	}
}
