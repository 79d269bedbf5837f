package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/cost"
	"reseal/plan"
	"reseal/ratelimit"
)

func task(name string, expected, most cost.Money) Task {
	return Task{Bucket: name, Figures: Figures{Priced: true, Price: cost.Span{Expected: expected, Max: most}}}
}

// played is a run of tasks of which each takes a second and spends what it may.
type played struct {
	mu        sync.Mutex
	now, most int
	spent     cost.Money
	began     []string
	ended     map[string]Outcome
	after     func(t *Task)
}

func (p *played) play(admit context.Context, c Plan, tasks []Task, spends func(t *Task, granted cost.Money) cost.Money) {
	p.ended = map[string]Outcome{}
	c.Run(admit, tasks, func(t *Task, limit cost.Money) Outcome {
		p.mu.Lock()
		p.now++
		p.most = max(p.most, p.now)
		p.began = append(p.began, t.Bucket)
		p.mu.Unlock()
		time.Sleep(time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.now--
		used := spends(t, limit-t.Spent)
		p.spent += used
		if p.after != nil {
			p.after(t)
		}
		return Outcome{Spent: t.Spent + used}
	}, func(t *Task, o Outcome) { p.ended[t.Bucket] = o }, func(err error) int { return 130 })
}

// So many run at once as were asked for, in the order that was asked for, and all of
// them end.
func TestTasksRunInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p played
		tasks := []Task{task("c", 3, 3), task("a", 1, 1), task("b", 2, 2), {Bucket: "free", Figures: Figures{Objects: 1}}}
		p.play(t.Context(), Plan{Order: ByPrice, Parallel: 1}, tasks, func(*Task, cost.Money) cost.Money { return 0 })
		if want := []string{"a", "b", "c", "free"}; !slices.Equal(p.began, want) || p.most != 1 || len(p.ended) != 4 {
			t.Errorf("began %q, want %q, %d at once", p.began, want, p.most)
		}
		p = played{}
		p.play(t.Context(), Plan{Order: ByName, Parallel: 3}, tasks, func(*Task, cost.Money) cost.Money { return 0 })
		if p.most != 3 || len(p.ended) != 4 {
			t.Errorf("%d at once, want 3; %d ended", p.most, len(p.ended))
		}
	})
}

func TestOrders(t *testing.T) {
	size := func(name string, n int64, price cost.Money) Task {
		return Task{Bucket: name, Figures: Figures{Objects: n, Priced: price > 0, Price: cost.Span{Expected: price}}}
	}
	for order, want := range map[Order]string{ByFile: "[c a d b]", ByName: "[a b c d]", BySize: "[d c b a]", ByPrice: "[b c d a]"} {
		tasks := []Task{size("c", 2, 20), size("a", 9, 0), size("d", 1, 30), size("b", 3, 10)}
		order.Sort(tasks)
		var names []string
		for _, k := range tasks {
			names = append(names, k.Bucket)
		}
		if got := fmt.Sprint(names); got != want {
			t.Errorf("%s: %s, want %s", order, got, want)
		}
	}
}

// Together, buckets never spend more than the limit, what was spent before included,
// though each spends all that it may. What is not covered does not begin, and says so.
func TestMoneyIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, before = 100 * cost.Dollar, 10 * cost.Dollar
		tasks := []Task{task("large", 60*cost.Dollar, 80*cost.Dollar), task("small", 5*cost.Dollar, 10*cost.Dollar), task("next", 6*cost.Dollar, 7*cost.Dollar), task("huge", 200*cost.Dollar, 300*cost.Dollar)}
		tasks[1].Spent = 2 * cost.Dollar
		var p played
		p.play(t.Context(), Plan{Order: ByFile, Parallel: 4, MaxCost: limit, Spent: before}, tasks, func(_ *Task, granted cost.Money) cost.Money {
			if granted <= 0 {
				t.Error("begun without a limit")
			}
			return granted
		})
		if total := p.spent + before + 2*cost.Dollar; total > limit {
			t.Errorf("%v were spent, the limit is %v", total, limit)
		}
		if o := p.ended["huge"]; o.Code != 4 || o.Why != NotCovered || slices.Contains(p.began, "huge") {
			t.Errorf("what is not covered: %+v of %q", o, p.began)
		}
		if !slices.Contains(p.began, "large") || len(p.ended) != 4 {
			t.Errorf("began %q", p.began)
		}
	})
}

// What a bucket leaves of what was set aside for it, another one has.
func TestMoneyComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := []Task{task("a", 50*cost.Dollar, 100*cost.Dollar), task("b", 50*cost.Dollar, 100*cost.Dollar), task("c", 20*cost.Dollar, 20*cost.Dollar)}
		var p played
		p.play(t.Context(), Plan{Order: ByFile, Parallel: 3, MaxCost: 101 * cost.Dollar}, tasks, func(*Task, cost.Money) cost.Money { return 25 * cost.Dollar })
		if want := []string{"a", "b", "c"}; !slices.Equal(p.began, want) || p.most != 1 {
			t.Errorf("began %q, %d at once", p.began, p.most)
		}
	})
}

// Once admission ends, no bucket begins, those under way end, and the others say why.
func TestNothingBeginsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		admit, stop := context.WithCancelCause(t.Context())
		p := played{after: func(*Task) { stop(errors.New("a signal")) }}
		p.play(admit, Plan{Order: ByFile, Parallel: 2}, []Task{task("a", 1, 1), task("b", 1, 1), task("c", 1, 1)}, func(*Task, cost.Money) cost.Money { return 0 })
		if len(p.began) != 2 || len(p.ended) != 3 || p.ended["c"].Code != 130 || p.ended["c"].Why != "not begun: a signal" {
			t.Errorf("began %q, ended %+v", p.began, p.ended)
		}
	})
}

// The worst ending of a bucket is that of the whole.
func TestWorst(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{{nil, 0}, {[]int{0, 0}, 0}, {[]int{0, 4, 3}, 4}, {[]int{4}, 4}, {[]int{3, 5, 0}, 5}, {[]int{5, 6}, 6}, {[]int{6, 1}, 1}, {[]int{1, 143, 5}, 1}, {[]int{143, 4}, 143}, {[]int{130, 77, 1}, 77}, {[]int{2, 6}, 2}} {
		if got := Worst(c.codes); got != c.want {
			t.Errorf("%d: %d, want %d", c.codes, got, c.want)
		}
		slices.Reverse(c.codes)
		if got := Worst(c.codes); got != c.want {
			t.Errorf("%d: %d, want %d", c.codes, got, c.want)
		}
	}
}

// Runs of one account and Region share a cap, whose lowest value holds for all; those of
// another Region have their own.
func TestSharesAreOfAccountAndRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewShares(t.Context())
		defer s.Close()
		here, there := Quota{Account: "1", Region: "eu-west-1"}, Quota{Account: "1", Region: "us-east-1"}
		a := s.Of(here, 200)
		if s.Of(here, 300) != a || s.Of(there, 500) == a {
			t.Error("not one cap for each Region")
		}
		s.Of(here, 100)
		if all := s.Uses(); len(all) != 2 || all[0].Quota != here || all[0].Cap != 100 || all[1].Quota != there || all[1].Cap != 500 {
			t.Errorf("caps %+v", all)
		}
		var mu sync.Mutex
		sent := map[int]int{} // by whole seconds
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		var workers sync.WaitGroup
		for range 3 { // jobs
			g := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: 200}, Shared: a, RampUp: -1})
			stop := g.Start(ctx)
			defer stop()
			for range 50 {
				workers.Go(func() {
					for g.Do(ctx, plan.Step{Demand: plan.Demand{KMS: plan.Exactly(1)}}, func(context.Context) error {
						mu.Lock()
						sent[int(time.Since(began)/time.Second)]++
						mu.Unlock()
						time.Sleep(20 * time.Millisecond)
						return nil
					}) == nil {
					}
				})
			}
		}
		workers.Wait()
		if all := s.Uses(); all[0].Fullest > 100 || all[0].Sent < 2500 || all[1].Sent != 0 {
			t.Errorf("used %+v", all)
		}
		for second, n := range sent {
			if n > 100 || second > 15 && second < 29 && n < 95 {
				t.Errorf("second %d: %d requests, the cap is 100", second, n)
			}
		}
	})
}
