package job

import (
	"context"
	"maps"
	"slices"
	"time"

	"reseal/checkpoint"
)

// Told is what a job was told: the values of options by name, without dashes. An
// option that takes several has all of them; one that was not given is not there.
// Where changes are recorded, no value means that it was taken away.
type Told map[string][]string

// Who is who told a job something, or ran it.
type Who struct {
	User   string `json:"user,omitempty"`       // of the system
	Host   string `json:"host,omitempty"`       //
	PID    int    `json:"pid,omitempty"`        //
	Caller string `json:"caller_arn,omitempty"` // as STS names the credentials; "" where it was not asked or did not say
}

// Change is an option that was given anew for a job that was there.
type Change struct {
	Time   time.Time `json:"time"`
	By     Who       `json:"by"`
	Option string    `json:"option"`
	From   []string  `json:"from"`             // null: it had not been given
	To     []string  `json:"to"`               // null: it was taken away
	Looser bool      `json:"looser,omitempty"` // it permits more than before
}

// Options is what a job was told since it was made, and by whom.
type Options struct {
	Version int      `json:"version"`
	Told    Told     `json:"told"`
	Changes []Change `json:"changes,omitempty"` // first to last, the last ones of many
}

const (
	optionsFile = "options.json"

	// maxChanges bounds the document: what lies further back is left out.
	maxChanges = 500
)

// ReadOptions returns what the job was told after it was made; an empty one for a
// job that was told nothing since.
func ReadOptions(ctx context.Context, store checkpoint.Reader) (*Options, error) {
	o := &Options{Version: format, Told: Told{}}
	if _, err := read(ctx, store, optionsFile, o); err != nil {
		return nil, err
	}
	if o.Told == nil {
		o.Told = Told{}
	}
	return o, nil
}

// Rules say what becomes of the values of options that are given anew.
type Rules struct {
	// Adds are the options of which new values come on top of the old ones. All
	// others are replaced.
	Adds []string

	// Drops returns the options that what is given takes away; nil: none.
	Drops func(given Told) []string

	// Looser tells whether an option permits more after than before; nil: none does.
	Looser func(option string, before, after Told) bool
}

// Remember records that options were given anew. made is what the job was told
// when it was made. It returns the changes; those that change nothing are none, and
// then nothing is written.
func Remember(ctx context.Context, store checkpoint.Store, made, given Told, by Who, rules Rules) ([]Change, error) {
	for n := 1; ; n++ {
		o := &Options{Told: Told{}}
		was, err := read(ctx, store, optionsFile, o)
		if err != nil {
			return nil, err
		}
		changes := o.take(made, given, by, rules)
		if len(changes) == 0 {
			return nil, nil
		}
		err = write(ctx, store, optionsFile, o, was)
		if err == nil || !conflicts(err) || n == attempts {
			return changes, err
		}
	}
}

// NotHeld returns the changes that Remember would record, and writes nothing.
func NotHeld(ctx context.Context, store checkpoint.Reader, made, given Told, rules Rules) ([]Change, error) {
	o, err := ReadOptions(ctx, store)
	if err != nil {
		return nil, err
	}
	return o.take(made, given, Who{}, rules), nil
}

// take puts what was given into o, and returns what that changes.
func (o *Options) take(made, given Told, by Who, rules Rules) (changes []Change) {
	o.Version = format
	if o.Told == nil {
		o.Told = Told{}
	}
	before := o.Now(made)
	told := rules.apply(before, given)
	now := time.Now().UTC().Truncate(time.Second)
	for _, name := range slices.Sorted(maps.Keys(told)) {
		from, to := before[name], told[name]
		if slices.Equal(from, to) {
			continue
		}
		o.Told[name] = to
		changes = append(changes, Change{Time: now, By: by, Option: name, From: from, To: to})
	}
	after := o.Now(made)
	for i := range changes {
		changes[i].Looser = rules.Looser != nil && rules.Looser(changes[i].Option, before, after)
	}
	o.Changes = append(o.Changes, changes...)
	if more := len(o.Changes) - maxChanges; more > 0 {
		o.Changes = slices.Delete(o.Changes, 0, more)
	}
	return changes
}

// TakenAway tells whether values of an option mean that it does not hold any more.
func TakenAway(values []string) bool {
	return len(values) == 0 || len(values) == 1 && values[0] == ""
}

// apply returns the new values of the options that are given or dropped; one that
// is dropped, or given as nothing, has none.
func (r *Rules) apply(before, given Told) Told {
	told := Told{}
	if r.Drops != nil {
		for _, name := range r.Drops(given) {
			told[name] = nil
		}
	}
	for name, values := range given {
		if slices.Contains(r.Adds, name) {
			values = union(before[name], values)
		}
		if TakenAway(values) {
			values = nil
		}
		told[name] = values
	}
	return told
}

// union returns old and the values of added that are not in it.
func union(old, added []string) []string {
	out := slices.Clone(old)
	for _, v := range added {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Now returns what holds for the job: what it was told when it was made, and since.
// An option that was taken away is not there.
func (o *Options) Now(made Told) Told {
	out := maps.Clone(made)
	if out == nil {
		out = Told{}
	}
	maps.Copy(out, o.Told)
	maps.DeleteFunc(out, func(_ string, values []string) bool { return TakenAway(values) })
	return out
}
