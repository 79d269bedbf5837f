package s3api

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/internal/simulator"
	"reseal/inventory"
)

// depot answers for pages out of a sorted list of keys, each with so many
// versions, as a server with the given manners.
type depot struct {
	keys     []string
	versions int // of each key; 0 is a bucket listed without
	latency  time.Duration

	repeats  bool // the last two entries of a page again on the next
	deaf     bool // begins at the beginning wherever it is told to
	reversed bool // lists in no order that is known

	asked chan struct{} // has one value a page
}

func (d *depot) ask(ctx context.Context, a listAsk) (*listPage, error) {
	select {
	case <-time.After(d.latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	d.asked <- struct{}{}
	per := max(1, d.versions)
	from := 0
	switch {
	case a.token != "":
		if _, err := fmt.Sscan(a.token, &from); err != nil {
			return nil, err
		}
		if d.repeats {
			from -= 2
		}
	case a.after != "" && !d.deaf:
		i, found := slices.BinarySearch(d.keys, a.after)
		if found {
			i++
		}
		from = i * per
	}
	size := 1000
	if a.max > 0 {
		size = a.max
	}
	page := &listPage{}
	end := min(from+size, len(d.keys)*per)
	for n := from; n < end; n++ {
		i := n / per
		if d.reversed {
			i = len(d.keys) - 1 - i
		}
		r := inventory.Record{Key: d.keys[i]}
		if d.versions > 0 {
			r.VersionID = fmt.Sprint("v", n%per)
		}
		page.records = append(page.records, r)
	}
	if end < len(d.keys)*per {
		page.next = &listAsk{token: fmt.Sprint(end)}
	}
	return page, nil
}

// keysOf makes n keys of several shapes at once: folders, digits, hex, odd
// characters, and one prefix that holds most of them.
func keysOf(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[string]bool{}
	for len(seen) < n {
		var k string
		switch i := len(seen) % 10; {
		case i < 6:
			k = fmt.Sprintf("hot/prefix/that/is/long/%010d.log", r.IntN(1<<30))
		case i == 6:
			k = fmt.Sprintf("photos/%04d/%02d/%02d/img%05d.jpg", 1990+r.IntN(37), 1+r.IntN(12), 1+r.IntN(28), r.IntN(1e5))
		case i == 7:
			k = fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
		case i == 8:
			k = string([]rune{rune(0x4e00 + r.IntN(2000)), rune(0x1f300 + r.IntN(500)), '/', rune(0xd7fe + r.IntN(2)), rune(' ' + r.IntN(90))})
		default:
			k = strings.Repeat("deep/", r.IntN(30)) + " +%&\u00a0" + fmt.Sprint(r.IntN(1e6))
		}
		seen[k] = true
	}
	var keys []string
	for k := range seen {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Whatever the keys look like and however the server behaves, each entry comes
// once, and cutting the key space takes a fraction of the time and few requests.
func TestListingInParallel(t *testing.T) {
	odd := keysOf(100_000)
	var flat []string
	for i := range 100_000 {
		flat = append(flat, fmt.Sprintf("all/in/one/place/%012d", 7*i))
	}
	for _, tt := range []struct {
		name    string
		depot   depot
		workers int
		atMost  time.Duration // with a second a page; 0 is not compared
	}{
		{"odd keys", depot{keys: odd}, 16, 35 * time.Second},
		{"one long prefix", depot{keys: flat}, 16, 35 * time.Second},
		{"one worker", depot{keys: odd}, 1, 101 * time.Second},
		{"versions", depot{keys: odd[:30_000], versions: 3}, 16, 50 * time.Second},
		{"many versions of few keys", depot{keys: []string{"a", "b", "b/c", "d"}, versions: 4000}, 8, 0},
		{"repeats entries", depot{keys: odd[:20_000], repeats: true}, 8, 0},
		{"repeats versions", depot{keys: odd[:5_000], versions: 4, repeats: true}, 8, 0},
		{"cannot begin in the middle", depot{keys: odd[:20_000], deaf: true}, 8, 0},
		{"lists in no order", depot{keys: odd[:20_000], reversed: true, repeats: true}, 8, 0},
		{"one page", depot{keys: odd[:10]}, 8, 0},
		{"nothing", depot{}, 8, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := tt.depot
				d.latency, d.asked = time.Second, make(chan struct{}, 1e6)
				l := &lister{ask: d.ask, workers: tt.workers}
				begun := time.Now()
				got := map[string]int{}
				for records, err := range l.all(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range records {
						got[r.Key+"\x00"+r.VersionID]++
					}
				}
				took, pages, needed := time.Since(begun), len(d.asked), 1+len(d.keys)*max(1, d.versions)/1000
				if want := len(d.keys) * max(1, d.versions); len(got) != want {
					t.Errorf("%d entries, want %d", len(got), want)
				}
				for id, n := range got {
					if n != 1 {
						t.Fatalf("%q came %d times", id, n)
					}
				}
				t.Logf("%d pages in %v, %d in sequence", pages, took, needed)
				if tt.atMost > 0 && took > tt.atMost {
					t.Errorf("took %v, want at most %v", took, tt.atMost)
				}
				if pages > 4*needed+10 {
					t.Errorf("%d pages were asked for, %d would do", pages, needed)
				}
			})
		})
	}
}

// A guess lies in the range.
func TestGuesses(t *testing.T) {
	l := &lister{}
	for _, k := range keysOf(1000) {
		l.letters.add(k)
	}
	keys := append(keysOf(300), "a\u007f", "\U0010ffff\U0010ffff", "x\ud7ff", "bad\xff\xfe")
	slices.Sort(keys)
	for i, at := range keys {
		for _, to := range []string{"", keys[len(keys)-1], keys[min(i+1, len(keys)-1)], at + "0"} {
			for misses := range maxGuesses {
				if to != "" && to <= at {
					continue
				}
				for shared := range len(at) + 1 {
					s := &span{at: at, to: to, misses: misses, shared: shared, near: l.letters}
					if g := l.between(s); g != "" && (g <= at || to != "" && g >= to) {
						t.Fatalf("between %q and %q: %q", at, to, g)
					}
				}
			}
		}
	}
}

// A listing that cannot end is an error, with one worker and with several.
func TestListingEnds(t *testing.T) {
	page := func(next string, keys ...string) *listPage {
		p := &listPage{next: &listAsk{token: next}}
		for _, k := range keys {
			p.records = append(p.records, inventory.Record{Key: k})
		}
		return p
	}
	n := 0
	for _, tt := range []struct {
		name string
		ask  func(listAsk) *listPage
	}{
		{"same token", func(listAsk) *listPage { return page("t", "a", "b") }},
		{"new tokens, nothing new", func(listAsk) *listPage { n++; return page(fmt.Sprint(n), "a", "b") }},
		{"a circle of pages in no order", func(a listAsk) *listPage {
			n++
			return page(fmt.Sprint(n%7), fmt.Sprint("k", 9-n%7), fmt.Sprint("b", n%7))
		}},
		{"order lost on the way", func(a listAsk) *listPage {
			if a.token == "" {
				return page("1", "a", "b", "c")
			}
			last := page("", "f", "e", "d")
			last.next = nil
			return last
		}},
	} {
		for _, workers := range []int{1, 4} {
			l := &lister{workers: workers, ask: func(ctx context.Context, a listAsk) (*listPage, error) { return tt.ask(a), ctx.Err() }}
			var err error
			for _, err = range l.all(t.Context()) {
			}
			if err == nil {
				t.Errorf("%s, %d workers: no error", tt.name, workers)
			}
		}
	}
}

// The same on the simulator, through SDK and wire: keys that XML cannot hold,
// versions, delete markers.
func TestListOnSimulator(t *testing.T) {
	s := simulate(t, simulator.Config{})
	want := map[string]bool{}
	put := func(key string) {
		s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
			_, err := w.PutObject(now, &simulator.PutObjectInput{Request: r, Key: key})
			return failed(err)
		})
	}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(now, &r, simulator.Enabled))
	})
	for i := range 2500 {
		key := fmt.Sprintf("p/%02x/a+b %%2F\u00e9\x01/%d", i%50, i)
		put(key)
		want[key] = true
	}
	put("p/twice")
	put("p/twice")
	want["p/twice"] = true
	put("other/prefix")
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		_, err := w.DeleteObject(now, &simulator.DeleteObjectInput{Request: r, Key: "p/gone"})
		return failed(err)
	})
	for _, versions := range []bool{false, true} {
		got := map[string]int{}
		markers, latest := 0, 0
		for records, err := range s.client.List(t.Context(), bucket, ListOptions{Prefix: "p/", Versions: versions, Workers: 4, Gate: &gate{}}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				switch {
				case r.IsDeleteMarker:
					markers++
				default:
					got[r.Key]++
				}
				if r.IsLatest {
					latest++
				}
				if !r.IsDeleteMarker && (r.Bucket != bucket || r.ETag == "" || r.LastModified.IsZero() || r.StorageClass != inventory.Standard || (r.VersionID != "") != versions) {
					t.Fatalf("%+v", r)
				}
			}
		}
		for key := range want {
			n := 1
			if versions && key == "p/twice" {
				n = 2
			}
			if got[key] != n {
				t.Fatalf("versions %v: %q came %d times, want %d", versions, key, got[key], n)
			}
		}
		if len(got) != len(want) || versions && (markers != 1 || latest != len(want)+1) {
			t.Errorf("versions %v: %d keys, want %d; %d delete markers, %d latest", versions, len(got), len(want), markers, latest)
		}
	}
}
