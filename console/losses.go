package console

import (
	"maps"
	"slices"
	"strings"

	"reseal/engine"
	"reseal/plan"
)

// GoOnAfter says how a run goes on that an endpoint's loss ended.
func GoOnAfter(e *engine.LossError) string {
	names := map[string]bool{}
	if slices.ContainsFunc(e.Lost, func(d plan.Difference) bool { return !slices.Contains(plan.Losses(), d.Attribute) }) {
		return "The values before are in its result line"
	}
	if len(e.Lost) > 0 {
		for _, d := range e.Lost {
			names["--accept "+d.Attribute.Hazard()] = true
		}
		return "The values before are in its result line. To go on and lose that: " + strings.Join(slices.Sorted(maps.Keys(names)), " ")
	}
	for _, d := range e.PutBack {
		names["--accept "+d.Attribute.Hazard()] = true
	}
	return "To go on all the same, giving back what can be given back: " + strings.Join(slices.Sorted(maps.Keys(names)), " ")
}
