package ratelimit

import (
	"slices"
	"strings"
	"time"
)

// maxScopes is how many scopes a quota has at most, the bucket's included.
const maxScopes = 1024

// tree holds the scopes of one S3 quota: one for the bucket, and below it one
// for every prefix that turned out to be throttled by itself.
type tree struct {
	root  *scope
	below []*scope // sorted by prefix

	guess        *guess        // not nil while one of them is not known to be throttled alone
	noGuessUntil time.Duration // until then no other is guessed: the last guess was wrong
}

// leaf returns the scope with the longest prefix of key.
func (t *tree) leaf(key string) *scope {
	if len(t.below) == 0 {
		return t.root
	}
	i, found := slices.BinarySearchFunc(t.below, key, func(s *scope, key string) int {
		return strings.Compare(s.prefix, key)
	})
	if found {
		return t.below[i]
	}
	if i == 0 {
		return t.root
	}
	// Every prefix of key sorts at or before i-1, and is a prefix of that one too.
	s := t.below[i-1]
	for !strings.HasPrefix(key, s.prefix) {
		s = s.parent
	}
	return s
}

// split makes a scope for prefix, which begins at rate after a cut from it, and returns it,
// or nil if there is one already or no place for another.
func (t *tree) split(prefix string, rate float64, now time.Duration) *scope {
	ctl := t.root.ctl
	ctl.rate, ctl.cuts = rate, 0
	ctl.cut(now, now, 0, true)
	ctl.lower(now, ctl.deeper)
	ctl.deeper = 0
	return t.add(prefix, ctl)
}

// add makes a scope for prefix with the given control and returns it, or nil if
// there is one already or no place for another.
func (t *tree) add(prefix string, ctl control) *scope {
	i, found := slices.BinarySearchFunc(t.below, prefix, func(s *scope, prefix string) int {
		return strings.Compare(s.prefix, prefix)
	})
	if found || prefix == "" || len(t.below)+1 >= maxScopes {
		return nil
	}
	s := newScope(t.root.quota, prefix, ctl)
	s.parent = t.leaf(prefix)
	t.below = slices.Insert(t.below, i, s)
	for _, o := range t.below[i+1:] {
		if !strings.HasPrefix(o.prefix, prefix) {
			break
		}
		if len(o.parent.prefix) < len(prefix) {
			o.parent = s
		}
	}
	return s
}

// idlest returns the scope below the bucket that can best be given up, nil for none.
// Nobody waits for it, it is not being sampled, and no other such scope was throttled
// longer ago.
func (t *tree) idlest() *scope {
	var idlest *scope
	for _, s := range t.below {
		if s.waiting == 0 && s.sample == nil && (idlest == nil || s.ctl.lastCut < idlest.ctl.lastCut) {
			idlest = s
		}
	}
	return idlest
}

// drop removes a scope below the bucket; its keys are its parent's again.
func (t *tree) drop(s *scope) {
	if t.guess != nil && t.guess.scope == s {
		t.guess = nil
	}
	t.below = slices.DeleteFunc(t.below, func(o *scope) bool { return o == s })
	for _, o := range t.below {
		if o.parent == s {
			o.parent = s.parent
		}
	}
}
