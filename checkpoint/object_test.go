package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"reseal/inventory"
)

// objects is a Store as a bucket would make one: documents with version
// numbers, and answers that get lost.
type objects struct {
	mu      sync.Mutex
	r       *rand.Rand
	data    map[string][]byte
	version map[string]int
	flaky   bool
	epoch   uint64
}

var errAnswer = errors.New("answer lost")

func (o *objects) Get(_ context.Context, name string) ([]byte, Version, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	data, ok := o.data[name]
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	return bytes.Clone(data), Version(fmt.Sprint(o.version[name])), nil
}

func (o *objects) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	data, _, err := o.Get(ctx, name)
	return io.NopCloser(bytes.NewReader(data)), err
}

func (o *objects) List(_ context.Context, folder string) ([]Info, error) {
	var list []Info
	for name, data := range o.data {
		if strings.HasPrefix(name, folder+"/") {
			list = append(list, Info{name, int64(len(data))})
		}
	}
	return list, nil
}

func (o *objects) Folders(context.Context, string) ([]string, error) { return nil, nil }

func (o *objects) write(name string, data []byte) error {
	if o.flaky && o.r.IntN(6) == 0 {
		return errAnswer
	}
	o.data[name] = bytes.Clone(data)
	o.version[name]++
	if o.flaky && o.r.IntN(6) == 0 {
		return errAnswer
	}
	return nil
}

func (o *objects) Put(_ context.Context, name string, data []byte, expect Version) (Version, error) {
	have := Version("")
	if _, ok := o.data[name]; ok {
		have = Version(fmt.Sprint(o.version[name]))
	}
	if have != expect {
		return "", &ConflictError{Name: name, Expect: expect, Have: have}
	}
	if err := o.write(name, data); err != nil {
		return "", err
	}
	return Version(fmt.Sprint(o.version[name])), nil
}

func (o *objects) TailBytes() int { return 60 }

func (o *objects) Epoch() uint64 { return o.epoch }

func (o *objects) Held(context.Context) error { return nil }

func (o *objects) Lock(context.Context, Holder) (*Lock, error) {
	o.epoch++
	return &Lock{Epoch: o.epoch}, nil
}

// On a store whose answers get lost, flushing again must neither conflict with
// itself nor write lines twice.
func TestLostAnswers(t *testing.T) {
	for seed := range uint64(50) {
		o := &objects{r: rand.New(rand.NewPCG(seed, 9)), data: map[string][]byte{}, version: map[string]int{}}
		var want []string
		row := int64(0)
		for range 4 { // processes
			o.flaky = false
			_, err := o.Lock(t.Context(), Holder{})
			must(t, err)
			j, s, err := Open(t.Context(), o, PlanHash{1}, twoFiles, Options{})
			if err != nil {
				t.Fatalf("seed %d: open: %v", seed, err)
			}
			if got := lines(t, s); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
				t.Fatalf("seed %d: lines %q, want %q", seed, got, want)
			}
			o.flaky = true
			for range 10 {
				line := fmt.Sprint("row ", row)
				want = append(want, "1 "+line)
				must(t, j.Log(t.Context(), inventory.Position{File: 1, Row: row}, []byte(line)), j.Done(inventory.Position{File: 1, Row: row}))
				row++
				for err := errAnswer; err != nil; {
					if err = j.Flush(t.Context()); err != nil && !errors.Is(err, errAnswer) {
						t.Fatalf("seed %d, row %d: %v", seed, row, err)
					}
				}
			}
			// The process dies in the middle of a flush that nobody sees the end of.
			must(t, j.Log(t.Context(), inventory.Position{File: 1, Row: row}, []byte("lost")), j.Fail(inventory.Position{File: 1, Row: row}))
			if j.Flush(t.Context()) == nil {
				want = append(want, "1 lost")
				row++
				continue
			}
			if s, err := Read(t.Context(), o); err == nil && s.Totals().Done+s.Totals().Failed > row {
				want = append(want, "1 lost")
				row++
			}
		}
	}
}
