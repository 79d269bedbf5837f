package plan

import (
	"slices"
	"strings"
)

// TagsRead are the tags of an object that were read to select it by them.
type TagsRead struct {
	Version string // that was asked for, "" for whatever was current
	Tags    []Tag
}

// CutTag splits what Options.Tags holds: "key=value", or "key" for any value. A key
// ends at the first "=".
func CutTag(text string) (key, value string, valued bool) { return strings.Cut(text, "=") }

// SelectsTags tells whether an object with these tags has all that o asks for.
func (o *Options) SelectsTags(tags []Tag) bool {
	for _, want := range o.Tags {
		key, value, valued := CutTag(want)
		has := func(t Tag) bool { return t.Key == key && (!valued || t.Value == value) }
		if !slices.ContainsFunc(tags, has) {
			return false
		}
	}
	return true
}

// NeedsTags tells whether the tags of the object that h was said of must be read:
// they are asked for, and its encryption does not leave it alone already.
func (o *Options) NeedsTags(h *Head) bool {
	return len(o.Tags) > 0 && o.leaves(h.Encryption, h, false) == ""
}

// leftByTags tells whether tags that were read leave the object alone. Where nobody
// read them they say nothing: who writes has to see to it that they were.
func (o *Options) leftByTags(h *Head) bool {
	return h.TagsRead != nil && !o.SelectsTags(h.TagsRead.Tags)
}

// readsOfTags is how often the tags of an object that is copied in parts are read
// before its completion, beside the look at it. What the look read counts, provided
// that it asked for the version that stays.
func (p *Policy) readsOfTags(t *Task) Demand {
	one := p.Weights.Of(StepGetTags, t.FromKMS)
	switch {
	case len(p.Options.Tags) == 0:
		return one.Times(2)
	case t.Head == nil:
		return one
	}
	return one.Add(one.UpTo())
}
