package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
)

// deniedWorld is a run over n objects, whose names are given; those for which denied
// says so cannot be copied, and where hidden is set not be looked at either.
type deniedWorld struct {
	n      int
	name   func(i int) string
	denied func(key string) bool
	hidden bool
	before bool     // an earlier run succeeded
	seeds  []string // an earlier run was denied these
}

// run returns how the objects ended.
func (d deniedWorld) run(t *testing.T, workers int) (map[Outcome]int, *Denials, *log, error) {
	s, l := newStore(0), newLog()
	s.latency = time.Second
	for i := range d.n {
		s.objects[d.name(i)] = &object{etag: fmt.Sprintf("v1-%d", i)}
	}
	s.before = func(op, key string, _ int) error {
		if d.denied(key) && (op == "copy" || d.hidden) {
			return failure(op, key, Denied)
		}
		return nil
	}
	cfg := config(s, l)
	cfg.Workers, cfg.Denials = workers, new(Denials)
	if d.before {
		cfg.Denials.SucceededBefore()
	}
	for _, key := range d.seeds {
		cfg.Denials.DeniedBefore(key)
	}
	err := Run(t.Context(), t.Context(), cfg, batches(d.n, 50, func(i int, r *inventory.Record) { r.Key = d.name(i) }))
	check(t, s, l)
	count := map[Outcome]int{}
	for _, o := range l.durable {
		count[o]++
	}
	return count, cfg.Denials, l, err
}

// in gives names below a folder, and denies it.
func in(folder string) func(string) bool {
	return func(key string) bool { return strings.HasPrefix(key, folder) }
}

func TestADeniedPrefixIsNoWall(t *testing.T) {
	plain := func(i int) string { // 188 in the middle of 3,000
		if i >= 1000 && i < 1188 {
			return fmt.Sprintf("m-secret/%05d", i)
		}
		return fmt.Sprintf("%c/%05d", 'a'+i/120, i)
	}
	for _, tt := range []struct {
		name    string
		world   deniedWorld
		failed  int // at most
		prefix  string
		allowed int // objects that have to be done
	}{
		{"in the middle", deniedWorld{n: 3000, name: plain, denied: in("m-secret/")}, 40, "m-secret/", 2812},
		{"first of all, nothing has succeeded yet", deniedWorld{n: 500, name: func(i int) string {
			if i < 188 {
				return fmt.Sprintf("a-secret/%05d", i)
			}
			return fmt.Sprintf("data/%05d", i)
		}, denied: in("a-secret/")}, 40, "a-secret/", 312},
		{"first of all, without a folder", deniedWorld{n: 500, name: func(i int) string {
			if i < 188 {
				return fmt.Sprintf("a-secret-%05d", i)
			}
			return fmt.Sprintf("data-%05d", i)
		}, denied: in("a-secret-")}, 60, "a-secret-", 312},
		{"many folders below it", deniedWorld{n: 3000, name: func(i int) string {
			if i < 2000 {
				return fmt.Sprintf("secret/%03d/%05d", i/20, i)
			}
			return fmt.Sprintf("z/%05d", i)
		}, denied: in("secret/")}, 60, "secret/", 1000},
		{"one object a folder below it", deniedWorld{n: 3000, name: func(i int) string {
			if i < 2000 {
				return fmt.Sprintf("secret/%05d/x", i)
			}
			return fmt.Sprintf("z/%05d", i)
		}, denied: in("secret/")}, 60, "secret/", 1000},
		{"looks are denied as well", deniedWorld{n: 3000, name: func(i int) string {
			if i < 2000 {
				return fmt.Sprintf("secret/%05d", i)
			}
			return fmt.Sprintf("z/%05d", i)
		}, denied: in("secret/"), hidden: true}, 60, "secret/", 1000},
	} {
		for _, workers := range []int{1, 16, 500} {
			t.Run(fmt.Sprintf("%s, %d workers", tt.name, workers), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					count, denials, l, err := tt.world.run(t, workers)
					if err != nil {
						t.Fatalf("Run = %v, want that the rest goes on", err)
					}
					all := denials.Prefixes()
					t.Logf("%v", count)
					if count[Done] != tt.allowed || count[Done]+count[Failed]+count[Deferred] != tt.world.n || count[Failed] > tt.failed {
						t.Errorf("%v; want %d done, and about %d failed at most", count, tt.allowed, tt.failed)
					}
					if len(all) == 0 || !strings.HasPrefix(all[0].Prefix, tt.prefix) || strings.HasSuffix(tt.prefix, "/") && len(all) != 1 {
						t.Errorf("found to be denied: %+v, want %s alone", all, tt.prefix)
					}
					for k, o := range l.durable {
						if !tt.world.denied(k) && o != Done {
							t.Errorf("%s ended as %v", k, o)
						}
					}
				})
			})
		}
	}
}

// A folder in which some objects are denied and others are not is tried to its end,
// in this pass or, after a mistake, in the next.
func TestDenialsOfSingleObjectsPutNothingOffForGood(t *testing.T) {
	for _, tt := range []struct {
		name   string
		denied func(i int) bool
	}{
		{"every second", func(i int) bool { return i%2 == 0 }},
		{"the first fifty", func(i int) bool { return i < 50 }},
		{"all but the last hundred", func(i int) bool { return i < 300 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(400)
				s.latency = time.Second
				s.before = func(op, k string, _ int) error {
					var i int
					_, _ = fmt.Sscanf(k, "k/%d", &i)
					if op == "copy" && tt.denied(i) {
						return failure(op, k, Denied)
					}
					return nil
				}
				denials := new(Denials)
				ended := map[string]Outcome{}
				for range 4 {
					l := newLog()
					cfg := config(s, l)
					cfg.Denials = denials
					cfg.Settled = func(p inventory.Position) bool { o, ok := ended[key(int(p.Row))]; return ok && o != Deferred }
					if err := Run(t.Context(), t.Context(), cfg, batches(400, 50, nil)); err != nil {
						t.Fatal(err)
					}
					for k, o := range l.durable {
						ended[k] = o
					}
				}
				left := 0
				for i := range 400 {
					if o := ended[key(i)]; !tt.denied(i) && o != Done {
						left++
					}
				}
				if left > 0 {
					t.Errorf("%d objects that are allowed are left after four passes; denied: %+v", left, denials.Prefixes())
				}
			})
		})
	}
}

// Only where nothing has succeeded do denials end a run.
func TestDenialsEndARunWithoutASuccess(t *testing.T) {
	all := func(string) bool { return true }
	flat := func(i int) string { return fmt.Sprintf("%x", uint32(i)*2654435761) }
	for _, tt := range []struct {
		name  string
		world deniedWorld
		ends  bool
		most  int // objects tried
	}{
		{"one folder", deniedWorld{n: 2000, name: key, denied: all}, true, 80},
		{"many folders", deniedWorld{n: 2000, name: func(i int) string { return fmt.Sprintf("%03d/%05d", i/20, i) }, denied: all}, true, 250},
		{"no folder", deniedWorld{n: 2000, name: flat, denied: all}, true, 250},
		{"one folder, an earlier run succeeded", deniedWorld{n: 2000, name: key, denied: all, before: true}, false, 80},
		{"looks are denied, too", deniedWorld{n: 2000, name: key, denied: all, hidden: true}, true, 300},
		{"nine objects", deniedWorld{n: 9, name: key, denied: all}, false, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				count, _, _, err := tt.world.run(t, 8)
				var b *BreakerError
				if errors.As(err, &b) != tt.ends || count[Failed] > tt.most {
					t.Errorf("Run = %v after %d were tried; want a BreakerError: %v, %d tried at most", err, count[Failed], tt.ends, tt.most)
				}
			})
		})
	}
}

// Rows that are put off say nothing of permissions.
func TestDeferredRowsAreNoSuccess(t *testing.T) {
	var d Denials
	_ = d.see(&Result{Outcome: Deferred})
	if d.done.Load() {
		t.Error("a row that was put off counts as a success")
	}
}

// What an earlier run was denied is evidence: no restart turns another ten objects of a
// denied prefix into failures. Where the denial was lifted, all is done.
func TestDenialsOfAnEarlierRunAreEvidence(t *testing.T) {
	name := func(i int) string { return fmt.Sprintf("%s/%05d", []string{"data", "secret/a", "secret/b"}[i/100], i) }
	for _, tt := range []struct {
		name         string
		denied       func(string) bool
		hidden       bool
		done, putOff int
	}{
		{"still denied", in("secret/"), false, 100, 200},
		{"still denied, looks as well", in("secret/"), true, 100, 200},
		{"lifted", in("none"), false, 300, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := deniedWorld{n: 300, name: name, denied: in("secret/")}
				_, _, l, _ := first.run(t, 8)
				var seeds []string
				for key, o := range l.durable {
					if o == Failed {
						seeds = append(seeds, key)
					}
				}
				if len(seeds) < 10 {
					t.Fatalf("%d failed at first: the test shows nothing", len(seeds))
				}
				w := deniedWorld{n: 300, name: name, before: true, seeds: seeds, denied: tt.denied, hidden: tt.hidden}
				got, _, _, err := w.run(t, 8)
				if err != nil || got[Failed] != 0 || got[Done] < tt.done || got[Deferred] != tt.putOff && tt.putOff == 0 {
					t.Errorf("%v, %v; want %d done, none failed", got, err, tt.done)
				}
			})
		})
	}
}
