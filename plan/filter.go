package plan

import (
	"slices"
	"strings"
	"unicode/utf8"

	"reseal/inventory"
)

// selected tells whether the user's filters let the row through. A row whose size,
// class or date is unknown passes a filter on it: Unsure tells so, and a look decides.
func (p *Policy) selected(r *inventory.Record) bool {
	o := &p.Options
	return o.selectsKey(r.Key) && o.selectsSize(r.Size) && p.selectsAge(r) && o.selectsFrom(r) &&
		(len(o.StorageClasses) == 0 || r.StorageClass == "" || slices.Contains(o.StorageClasses, string(r.StorageClass)))
}

// Unsure returns the options that select by what the row does not say, in the words of
// the command line; nil where the row is enough.
func (o *Options) Unsure(r *inventory.Record) (filters []string) {
	ask := func(asked, unknown bool, option string) {
		if asked && unknown {
			filters = append(filters, option)
		}
	}
	ask(o.MinSize > 0, r.Size < 0, "--min-size")
	ask(o.MaxSize > 0, r.Size < 0, "--max-size")
	ask(len(o.StorageClasses) > 0, r.StorageClass == "", "--storage-class")
	ask(o.MinAge > 0 || !o.Before.IsZero(), r.LastModified.IsZero(), "--older-than")
	ask(o.MaxAge > 0 || !o.After.IsZero(), r.LastModified.IsZero(), "--newer-than")
	ask(len(o.FromKeys) > 0, mayBeUnderKMS(r) && keyOf(r) == "", "--from-key")
	return filters
}

func (o *Options) selectsKey(key string) bool {
	has := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	like := func(pattern string) bool { return MatchesGlob(pattern, key) }
	switch {
	case len(o.Prefixes) > 0 && !slices.ContainsFunc(o.Prefixes, has):
		return false
	case slices.ContainsFunc(o.Exclude, has):
		return false
	case len(o.IncludeGlobs) > 0 && !slices.ContainsFunc(o.IncludeGlobs, like):
		return false
	}
	return !slices.ContainsFunc(o.ExcludeGlobs, like)
}

func (o *Options) selectsSize(size int64) bool {
	return size < 0 || size >= o.MinSize && (o.MaxSize == 0 || size <= o.MaxSize)
}

// selectsAge goes by the instant of the job, so that a resume selects the same.
func (p *Policy) selectsAge(r *inventory.Record) bool {
	o, at := &p.Options, r.LastModified
	if at.IsZero() {
		return true
	}
	switch {
	case o.MinAge > 0 && at.After(p.Now.Add(-o.MinAge)), !o.Before.IsZero() && !at.Before(o.Before):
		return false
	case o.MaxAge > 0 && at.Before(p.Now.Add(-o.MaxAge)), !o.After.IsZero() && at.Before(o.After):
		return false
	}
	return true
}

// MatchesGlob tells whether a pattern matches all of a key. "*" stands for any text, also
// with "/" in it, "?" for one character, and all else for itself, as in the filters of
// the AWS CLI and s5cmd. It takes time in proportion to both lengths at most.
func MatchesGlob(pattern, key string) bool {
	p, k := 0, 0
	star, from := -1, 0 // the last "*", and where what it stands for ends so far
	for k < len(key) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, k
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRuneInString(key[k:])
			p, k = p+1, k+n
		case p < len(pattern) && pattern[p] == key[k]:
			p, k = p+1, k+1
		case star >= 0:
			_, n := utf8.DecodeRuneInString(key[from:])
			from += n
			p, k = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
