package canary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

const (
	together = 2                // objects of a group that are compared at once; the others wait
	patience = 10 * time.Second // how long they wait before they are put off to another pass

	// After so many objects that proved nothing, the directory of a group is
	// closed. One object of closedEvery is tried all the same, as the first ones may be
	// the only denied ones.
	mostVain    = 16
	closedEvery = 100

	hopeless = 1024 // objects of all kinds that prove nothing, until one is compared, end the run

	newPrefix = 4  // objects of a prefix that is new are tried at most, until one is compared
	vainIn    = 64 // directories of a kind that are told apart when objects prove nothing
)

// Config is what Trials need. All but Accepted must be set.
type Config struct {
	Snapshotter engine.Snapshotter
	Notes       Notes
	Policy      *plan.Policy
	Accepted    []plan.Attribute // that may be lost

	// Stop ends the admission of objects, with a *LossError, or an *UnprovenError where
	// nothing can be proven at all. Called from any goroutine.
	Stop func(error)
}

// Notes keeps what an object was before it is written, until it was compared.
// Safe for concurrent use.
type Notes interface {
	// Put remembers the note of a task's object, nil forgets it.
	Put(t *plan.Task, n *Note) error
	// Kept returns once what Put was told last of the row is durable.
	Kept(ctx context.Context, p inventory.Position) error
}

// Note is what is remembered of an object until it was compared.
type Note struct {
	Before *plan.Snapshot `json:"before"`
	ETag   string         `json:"etag,omitempty"` // of what it became, "" where that was not answered

	VersionID string `json:"version_id,omitempty"` // likewise; "" in a bucket without versions

	Source string `json:"source_version_id,omitempty"` // version that a copy was made from, "" where that was not answered

	Answered time.Time `json:"answered,omitzero"` // when that answer came
	Modified time.Time `json:"modified,omitzero"` // of the object, as that answer said
}

// Trials compares the first objects of every kind with what they were before;
// see engine.Trials. A kind that is not proven stays held back. Safe for
// concurrent use.
type Trials struct {
	cfg Config

	mu     sync.Mutex
	groups map[Group]*group
	vain   int // objects that proved nothing, while none was compared
	loss   *LossError
	lost   Traits // of loss
}

var _ engine.Trials = (*Trials)(nil)

// group is what is known of the objects of one action and class.
type group struct {
	wanted, proven Traits
	absent         Traits // that no look showed, so that they cannot be compared
	accepted       Traits // that were lost, as accepted
	proofs         [numTraits]Proof
	compared       int64
	running        int
	wake           chan struct{}  // closed when a trial ends, and replaced
	vain           map[string]int // objects that proved nothing since one did, by directory
	met            int64          // objects of closed directories, with those that were tried all the same
	held           int64          // objects put off
	reasons        []Reason
	doubts         []Doubt
	suspected      []suspicion
	prefixes       map[string]bool // that an object was compared of, or is to be
}

// vainAt is the directory of a key, as far as directories are told apart.
func (g *group) vainAt(key string) string {
	dir := key[:strings.LastIndexByte(key, '/')+1]
	if _, there := g.vain[dir]; !there && len(g.vain) >= vainIn {
		return ""
	}
	return dir
}

// closes tells whether the directory of a key is closed to it, and counts it there.
func (g *group) closes(key string) bool {
	if g.vain[g.vainAt(key)] < mostVain {
		return false
	}
	g.met++
	return g.met%closedEvery != 0
}

// meet has an object of each prefix compared, of maxPrefixes at most. What an endpoint
// keeps may depend on the prefix, and the object of the plan may be done already.
func (g *group) meet(key string) {
	if prefix := prefixOf(key); !g.prefixes[prefix] && len(g.prefixes) < maxPrefixes {
		g.prefixes[strings.Clone(prefix)] = true
		g.suspect(key, Whole, newPrefix)
	}
}

// suspicion is what an object of a prefix was found without: others of the prefix
// are compared until one is seen to keep it, whatever objects elsewhere prove.
type suspicion struct {
	prefix string
	traits Traits
	left   int // objects to be compared at most
}

// stays tells whether an object that keeps its own ends no suspicion: what becomes of
// tags and grants depends on what is in them.
func (s *suspicion) stays() bool { return s.traits&(Tags|ACL|Annotations) != 0 }

// suspects returns the suspicion that has a task compared, nil for none; want are
// its traits as far as they are known, and hidden those that a full look only shows.
func (g *group) suspects(task *plan.Task, want, hidden Traits) *suspicion {
	for i := range g.suspected {
		s := &g.suspected[i]
		if s.left > 0 && s.prefix == prefixOf(task.Record.Key) && s.traits&(want|hidden) != 0 {
			return s
		}
	}
	return nil
}

// suspect has others of the prefix compared.
func (g *group) suspect(key string, traits Traits, most int) {
	prefix := prefixOf(key)
	if !slices.ContainsFunc(g.suspected, func(s suspicion) bool { return s.prefix == prefix && s.traits == traits }) {
		g.suspected = append(g.suspected, suspicion{strings.Clone(prefix), traits, most})
	}
}

// clear ends the suspicions that an object of the prefix was seen to be no cause for.
func (g *group) clear(key string, kept Traits) {
	g.suspected = slices.DeleteFunc(g.suspected, func(s suspicion) bool { return !s.stays() && s.prefix == prefixOf(key) && s.traits&^kept == 0 })
}

// New returns Trials that know what earlier runs of the job proved, nil for nothing.
func New(cfg Config, earlier *Table) *Trials {
	t := &Trials{cfg: cfg, groups: map[Group]*group{}}
	if earlier != nil {
		for i := range earlier.Kinds {
			t.recall(&earlier.Kinds[i])
		}
	}
	return t
}

// recall takes over what an earlier run proved of a kind. Why it could not prove
// the rest is found out anew.
func (t *Trials) recall(k *Kind) {
	for a := plan.Copy; a < plan.NumActions; a++ {
		if a.String() != k.Action {
			continue
		}
		g := t.group(Group{a, inventory.StorageClass(k.Class)})
		g.compared, g.wanted = k.Compared, traitsNamed(k.ToProve)
		for _, p := range k.Proven {
			for _, i := range traitsNamed([]string{p.Attribute}).each() {
				g.proofs[i] = p
				g.proven |= 1 << i
			}
			for _, key := range p.Keys {
				g.prefixes[prefixOf(key)] = true
			}
		}
	}
}

// group returns the group, made where it is new. The caller holds the lock, or is
// the only one yet.
func (t *Trials) group(of Group) *group {
	g := t.groups[of]
	if g == nil {
		g = &group{wake: make(chan struct{}), vain: map[string]int{}, prefixes: map[string]bool{}}
		t.groups[of] = g
	}
	return g
}

// Expect tells of a task of the plan, so that its kind is in the table whatever
// becomes of its object.
func (t *Trials) Expect(task *plan.Task) {
	if task.Action == plan.Skip || task.NeedHead && task.Record.StorageClass == "" { // which shows only then
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.group(groupOf(task)).wanted |= wanted(task)
}

// Every returns the same Trials for tasks that are all compared, whether objects
// like them are proven or not.
func (t *Trials) Every() engine.Trials { return every{t} }

type every struct{ *Trials }

// Rewrite implements engine.Trials.
func (e every) Rewrite(_, work context.Context, task *plan.Task, g engine.Gate, rw engine.Rewriter) (engine.Effect, error) {
	e.mu.Lock()
	o := e.begin(task)
	e.mu.Unlock()
	return o.carryOut(work, g, rw)
}

// Rewrite implements engine.Trials.
func (t *Trials) Rewrite(admit, work context.Context, task *plan.Task, g engine.Gate, rw engine.Rewriter) (engine.Effect, error) {
	var more Traits // that only the request for it shows
	for {
		o, untried, err := t.turn(admit, task, more)
		switch {
		case err != nil:
			return engine.Effect{}, err
		case o != nil:
			return o.carryOut(work, g, rw)
		}
		as := task
		if len(untried) > 0 {
			asking := *task
			asking.Untried, as = untried, &asking
		}
		effect, err := rw.Rewrite(work, as, g)
		has := unproven(err)
		if has&^more == 0 {
			t.bookUntried(task, err)
			return effect, err
		}
		more |= has
	}
}

// bookUntried books an object that was not tried, and that its answer or a look showed to
// have lost something which a client may have changed.
func (t *Trials) bookUntried(task *plan.Task, err error) {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) || !oe.InDoubt || len(oe.Lost) == 0 {
		return
	}
	if loss := t.book(task, oe.Lost, wanted(task), false); loss != nil {
		t.cfg.Stop(loss)
	}
}

// unproven are the traits that an object turned out to have before it was written.
func unproven(err error) (has Traits) {
	var held *engine.HeldBack
	if errors.As(err, &held) {
		for _, a := range held.Unproven {
			has |= traitOf(a)
		}
	}
	return has
}

// untried are the attributes that a look at the task's object does not show, and that
// no object of the group was seen to keep.
func (t *Trials) untried(g *group, task *plan.Task) (all []plan.Attribute) {
	if task.Action == plan.Update { // nothing is written anew
		return nil
	}
	open := func(of Traits) bool { return of&^(g.proven|g.absent|g.accepted) != 0 }
	if t.cfg.Policy.Facts.ACLs != plan.No && open(ACL) {
		all = append(all, plan.ACL)
	}
	if task.Head != nil && t.cfg.Policy.HidesTags(task.Head) && open(Tags) {
		all = append(all, plan.Tags)
	}
	return all
}

// turn waits until the task's object may be begun: as a trial, or nil where objects
// like it are proven, but for those that have what is untried. It has more beyond what
// its look showed.
func (t *Trials) turn(admit context.Context, task *plan.Task, more Traits) (*trial, []plan.Attribute, error) {
	var expired <-chan time.Time
	hidden := ACL | Annotations | when(t.cfg.Policy.HidesTags(task.Head), Tags)
	for {
		t.mu.Lock()
		g := t.group(groupOf(task))
		want := wanted(task) | more
		g.wanted |= want
		g.meet(task.Record.Key)
		switch {
		case want&^(g.proven|g.absent|g.accepted) == 0 && (t.loss != nil || g.suspects(task, want, hidden) == nil):
			untried := t.untried(g, task)
			t.mu.Unlock()
			return nil, untried, nil
		case t.loss != nil:
			t.mu.Unlock()
			return nil, nil, engine.ErrNotBegun
		case g.closes(task.Record.Key):
			g.held++
			t.mu.Unlock()
			return nil, nil, held(task, "nothing could be proven of objects like it")
		case g.running < together:
			if s := g.suspects(task, want, hidden); s != nil {
				s.left--
			}
			o := t.begin(task)
			t.mu.Unlock()
			return o, nil, nil
		}
		wake := g.wake
		t.mu.Unlock()
		if expired == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			expired = timer.C
		}
		select {
		case <-wake:
		case <-expired:
			return nil, nil, held(task, "an object like it is still being compared")
		case <-admit.Done():
			return nil, nil, engine.ErrNotBegun
		}
	}
}

// begin makes the task's object a trial. The caller holds the lock.
func (t *Trials) begin(task *plan.Task) *trial {
	g := t.group(groupOf(task))
	g.wanted |= wanted(task)
	g.running++
	return &trial{Trials: t, task: task, group: g}
}

// held is the error of an object that is put off.
func held(t *plan.Task, why string) error {
	return &engine.HeldBack{Task: t, Why: why}
}

// Compared is how many objects were compared, by earlier runs of the job too.
func (t *Trials) Compared() (n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.groups {
		n += g.compared
	}
	return n
}

// Loss is what ended the run, with all objects that differ in the same way; nil
// where nothing got lost.
func (t *Trials) Loss() *LossError {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.loss == nil {
		return nil
	}
	out := &LossError{}
	for _, g := range t.groups {
		for i := range g.doubts {
			if d := &g.doubts[i]; d.traits()&t.lost != 0 {
				out.Doubts = append(out.Doubts, *d)
			}
		}
	}
	slices.SortFunc(out.Doubts, func(a, b Doubt) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

// Table is how the proof stands. ended tells that no more objects are begun: a kind
// of which none was tried has then nothing to prove.
func (t *Trials) Table(ended bool) *Table {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := &Table{Kinds: []Kind{}}
	for of, g := range t.groups {
		k := Kind{Action: of.Action.String(), Class: string(of.Class), Verdict: NotProven, ToProve: g.wanted.Names(), Proven: []Proof{},
			NotShown: (g.absent &^ g.proven).Names(), Accepted: g.accepted.Names(), Compared: g.compared,
			Reasons: slices.Clone(g.reasons), Doubts: slices.Clone(g.doubts)}
		lost := t.loss != nil && slices.ContainsFunc(k.Doubts, func(d Doubt) bool { return d.traits()&t.lost != 0 })
		missing := g.wanted &^ (g.proven | g.absent | g.accepted)
		k.HeldBack = missing != 0 && g.held > 0
		k.Missing = missing.Names()
		for _, i := range g.proven.each() {
			p := g.proofs[i]
			p.Keys = slices.Clone(p.Keys)
			k.Proven = append(k.Proven, p)
		}
		switch {
		case lost:
			k.Verdict = Lost
		case missing == 0 && len(k.Doubts) > 0:
			k.Verdict = InDoubt
		case missing == 0:
			k.Verdict = Proven
		case !ended || k.uncertain(): // what is missing belongs to objects that were written or wait
		case g.compared > 0:
			k.Verdict = Proven
		default:
			k.Verdict = NothingToProve
		}
		out.Kinds = append(out.Kinds, k)
	}
	sorted := &Table{Kinds: []Kind{}}
	sorted.Merge(out)
	return sorted
}

// uncertain tells whether objects wait for the kind, were written and not compared,
// or differ with none that shows why.
func (k *Kind) uncertain() bool {
	return k.HeldBack || len(k.Doubts) > 0 || slices.ContainsFunc(k.Reasons, func(r Reason) bool { return r.Why == whyAfter })
}

// Unproven returns an error where objects wait for a kind that nothing could be
// proven of, or where one differs and no other showed that only others changed it.
func (t *Trials) Unproven() error {
	if loss := t.Loss(); loss != nil {
		return loss
	}
	var open []Kind
	for _, k := range t.Table(true).Kinds {
		if k.Verdict == NotProven {
			open = append(open, k)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return &UnprovenError{Kinds: open}
}

// UnprovenError says of which kinds nothing was proven, so that the rest of them
// was not begun.
type UnprovenError struct{ Kinds []Kind }

// Error names the kinds.
func (e *UnprovenError) Error() string {
	return fmt.Sprintf("nothing is proven of %d kinds of objects, so the rest of them was not begun", len(e.Kinds))
}

// LossError says that objects lost something, with nothing to show that another
// client wrote them.
type LossError struct{ Doubts []Doubt }

// Error names the objects.
func (e *LossError) Error() string {
	return fmt.Sprintf("%d objects are not as they were before, such as %q: %v", len(e.Doubts), e.Doubts[0].Key, e.Doubts[0].Attributes())
}
