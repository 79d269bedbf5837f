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
		{"later than the job, young enough", Options{MaxAge: day}, row("a", now.Add(day)), true},
		{"later than the job, not old enough", Options{MinAge: 1}, row("a", now.Add(day)), false},
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

// A filter on what the report does not say is decided by a look, and never by silence:
// an object is left alone or taken by what HeadObject says of it.
func TestFiltersOnWhatTheReportDoesNotSay(t *testing.T) {
	now := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	year := 365 * 24 * time.Hour
	noSize := func(r *inventory.Record) { r.Size = -1; without(r, inventory.ColSize) }
	noClass := func(r *inventory.Record) { r.StorageClass = ""; without(r, inventory.ColStorageClass) }
	noDate := func(r *inventory.Record) { r.LastModified = time.Time{}; without(r, inventory.ColLastModified) }
	head := Head{ETag: "e", Size: 1000, StorageClass: inventory.Standard, Encryption: inventory.SSES3, LastModified: now.Add(-year / 2), VersionID: "v1"}
	for name, tt := range map[string]struct {
		lacks   func(*inventory.Record)
		options func(*Options)
		filter  string
		reason  Reason // after the look
	}{
		"too small":        {noSize, func(o *Options) { o.MinSize = 1001 }, "--min-size", Filtered},
		"large enough":     {noSize, func(o *Options) { o.MinSize = 1000 }, "--min-size", ""},
		"too large":        {noSize, func(o *Options) { o.MaxSize = 999 }, "--max-size", Filtered},
		"small enough":     {noSize, func(o *Options) { o.MaxSize = 1000 }, "--max-size", ""},
		"another class":    {noClass, func(o *Options) { o.StorageClasses = []string{"GLACIER_IR"} }, "--storage-class", Filtered},
		"the class":        {noClass, func(o *Options) { o.StorageClasses = []string{"GLACIER_IR", "STANDARD"} }, "--storage-class", ""},
		"too young":        {noDate, func(o *Options) { o.MinAge = year }, "--older-than", Filtered},
		"old enough":       {noDate, func(o *Options) { o.MinAge = year / 3 }, "--older-than", ""},
		"after a date":     {noDate, func(o *Options) { o.Before = now.Add(-year) }, "--older-than", Filtered},
		"before a date":    {noDate, func(o *Options) { o.Before = now }, "--older-than", ""},
		"too old":          {noDate, func(o *Options) { o.MaxAge = year / 3 }, "--newer-than", Filtered},
		"young enough":     {noDate, func(o *Options) { o.MaxAge = year }, "--newer-than", ""},
		"not since a date": {noDate, func(o *Options) { o.After = now }, "--newer-than", Filtered},
		"since a date":     {noDate, func(o *Options) { o.After = now.Add(-year) }, "--newer-than", ""},
	} {
		for _, trust := range []bool{false, true} {
			for _, method := range []Method{MethodCopy, MethodUpdate} {
				p := policy(func(p *Policy) {
					p.Now, p.Options.TrustInventory, p.Options.Method = now, trust, method
					tt.options(&p.Options)
				})
				rec := row(tt.lacks)
				if got := p.Options.Unsure(rec); len(got) != 1 || got[0] != tt.filter {
					t.Errorf("%s: unsure by %q, want %s", name, got, tt.filter)
				}
				task := p.Decide(rec)
				if task.Action == Skip || !task.NeedHead {
					t.Errorf("%s by %s, inventory trusted: %v: action %v, HEAD %v; want a look before anything", name, method, trust, task.Action, task.NeedHead)
				}
				if seen := p.DecideHead(task, &head); seen.Reason != tt.reason || (seen.Action == Skip) != (tt.reason == Filtered) {
					t.Errorf("%s by %s: %v, reason %q after the look; want reason %q", name, method, seen.Action, seen.Reason, tt.reason)
				}
			}
		}
	}
	all := Options{MinSize: 1, MaxSize: 2, StorageClasses: []string{"STANDARD"}, MinAge: 1, MaxAge: 1}
	for _, size := range []int64{0, 1000} {
		whole := row(nil)
		whole.LastModified, whole.Size = now, size
		if got := all.Unsure(whole); got != nil {
			t.Errorf("a row with all columns, of %d bytes, leaves %q open", size, got)
		}
	}
}
