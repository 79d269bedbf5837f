package s3api

import (
	"slices"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/plan"
)

// Tags are spoilt where what is there comes of what was sent; others are a client's.
func TestSpoiltTags(t *testing.T) {
	sent := []plan.Tag{{Key: "a", Value: "x+y"}, {Key: "b", Value: "Zürich"}}
	for _, tt := range []struct {
		name string
		is   []plan.Tag
		want bool
	}{
		{"as sent", sent, false},
		{"none", nil, true},
		{"one is gone", sent[1:], true},
		{"a plus sign became a space", []plan.Tag{{Key: "a", Value: "x y"}, sent[1]}, true},
		{"still encoded", []plan.Tag{{Key: "a", Value: "x%2By"}, sent[1]}, true},
		{"not ASCII", []plan.Tag{sent[0], {Key: "b", Value: "ZÃ¼rich"}}, true},
		{"another case", []plan.Tag{{Key: "A", Value: "x+y"}, sent[1]}, true},
		{"a client's value", []plan.Tag{{Key: "a", Value: "other"}, sent[1]}, false},
		{"a client's tag", []plan.Tag{{Key: "by", Value: "client"}}, false},
		{"a client's tag more", append(slices.Clone(sent), plan.Tag{Key: "by", Value: "client"}), false},
	} {
		if got := spoiltTags(sent, tt.is); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// Tags that an endpoint mangles when it writes in parts are put back, and told.
func TestMangledTagsArePutBack(t *testing.T) {
	s := lossyBucket(t, "")
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: simulator.AttrTags, How: simulator.Mangle, Way: simulator.ByParts}}})
		_, err := w.PutObjectTagging(now, &simulator.ObjectInput{Request: r, Key: "k"}, []simulator.Tag{{Key: "team", Value: "a+b"}})
		return failed(err)
	})
	effect, before, after, err := inPartsOf(t, s)
	if err != nil || !slices.Equal(plan.NamesOf(effect.PutBack), []plan.Attribute{plan.Tags}) || effect.PutBack[0].Change != plan.WasChanged {
		t.Errorf("put back %v, %v", effect.PutBack, err)
	}
	if lost := before.Lost(after, time.Now()); len(lost) != 0 {
		t.Errorf("after it was put back there differ %s", plan.Words(lost))
	}
}
