package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
)

// TestModel plays interleavings of up to three holders of one job, in virtual
// time: leases, epochs, journal and Remote as they are, on a bucket in memory that
// is as bad as a network can make S3. Holders take the job as a whole or as one of
// two shares, run or try failed rows again, sleep, and are killed. Requests and
// answers get lost, writes take effect late or twice, and the server's clock jumps.
//
// In every fourth game the bucket overlooks the condition on result files: names
// alone must keep those of two holders apart.
//
// After each write of a state, and in the end, it asks as a reader would:
//
//   - every line that counts is there exactly once, and every settled row has its line;
//   - no row that was done is anything else later, and no settled row is unsettled.
//
// And of the holders:
//
//   - once a holder has opened its share, no state of an older epoch is written there,
//     and none of the lines that an older holder logs from then on ever counts;
//   - a holder meets a conflict only after another one took its share over;
//   - in the end a holder without trouble finishes the job.
//
// A failure prints its seed; RESEAL_MODEL_SEED=N plays it again. RESEAL_SOAK=1 plays
// 5,000.
func TestModel(t *testing.T) {
	seeds := 200
	if testing.Short() {
		seeds = 50
	}
	if os.Getenv("RESEAL_SOAK") != "" {
		seeds = 5_000
	}
	first := uint64(1)
	if s := os.Getenv("RESEAL_MODEL_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, seeds = n, 1
	}
	var seen modelSeen
	// What is rare is played for: some writes of an old holder need luck.
	for seed := first; seed < first+uint64(seeds) || seeds >= 200 && !seen.all() && seed < first+5*uint64(seeds); seed++ {
		synctest.Test(t, func(t *testing.T) {
			playModel(t, seed, &seen)
			if t.Failed() { // Test does not return then
				t.Logf("RESEAL_MODEL_SEED=%d", seed)
			}
		})
	}
	t.Logf("%d seeds or more: %+v", seeds, seen)
	if seeds >= 200 && !seen.all() {
		t.Errorf("something never happened: %+v", seen)
	}
}

// modelSeen counts what happened, so that the test shows something.
type modelSeen struct{ Takeovers, Conflicts, Late, Twice, Lost, Kills, Sleeps, Retries, Divisions, Stale int }

// all tells whether everything happened that may go wrong.
func (s *modelSeen) all() bool {
	return s.Takeovers > 0 && s.Conflicts > 0 && s.Late > 0 && s.Twice > 0 && s.Lost > 0 && s.Kills > 0 && s.Retries > 0 && s.Divisions > 0 && s.Stale > 0
}

const modelRows = 12

var modelSegments = []inventory.Segment{
	{File: 0, Last: modelRows - 1}, {File: 1, Last: modelRows - 1}, {File: 2, Last: modelRows - 1},
}

// model is what outlives the holders.
type model struct {
	t    *testing.T
	seen *modelSeen
	mu   sync.Mutex
	r    *rand.Rand

	objects  map[string]modelObject
	skew     time.Duration // of the server's clock
	calm     bool          // nothing goes wrong any more
	foreign  bool          // the job's lines are not those of the model: they are not checked
	careless bool          // the condition on result files is overlooked
	serial   int
	opened   map[int]uint64  // by segment: the epoch of the last holder that opened it
	stale    map[string]bool // serials of lines that were logged by a holder that had lost its share
	late     sync.WaitGroup

	checking sync.Mutex
	done     map[inventory.Position]bool // as durable state said once
	settled  map[inventory.Position]bool
}

type modelObject struct {
	data []byte
	at   time.Time
}

func (o modelObject) etag() string { return fmt.Sprintf("%x", sha256.Sum256(o.data))[:16] }

func (m *model) intn(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.r.IntN(n)
}

// some is a time of up to d.
func (m *model) some(d time.Duration) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(m.r.Int64N(int64(d))) + 1
}

func (m *model) now() time.Time { return time.Now().Add(m.skew) }

// put is a conditional PUT at its moment in the server.
func (m *model) put(key string, data []byte, etag string) (string, error) {
	name := strings.TrimPrefix(key, "job/")
	overlooked := m.careless && strings.HasPrefix(name, resultFolder+"/")
	m.mu.Lock()
	o := modelObject{bytes.Clone(data), m.now()}
	if have, ok := m.objects[key]; !overlooked && (ok != (etag != "") || ok && have.etag() != etag) {
		m.mu.Unlock()
		return "", fmt.Errorf("put %s: %w", key, fs.ErrExist)
	}
	m.objects[key] = o
	index, isState := parseStateName(name)
	opened := m.opened[index]
	m.mu.Unlock()
	if !isState || m.foreign {
		return o.etag(), nil
	}
	if s, err := decode(data); err != nil || s.epoch < opened {
		m.t.Errorf("%s is written in epoch %d after its share was opened in epoch %d: %v", name, s.epoch, opened, err)
	}
	m.check()
	return o.etag(), nil
}

// modelClient is the bucket as one holder sees it.
type modelClient struct {
	*model
	power context.Context // ends when the holder is killed
	mu    *sync.Mutex
	awake *time.Time // no request is sent or answered before
}

var errModelAnswer = errors.New("no answer")

// travel is the time that a request or an answer takes, and that the holder sleeps.
func (c modelClient) travel(ctx context.Context) error {
	d := c.some(40 * time.Millisecond)
	c.mu.Lock()
	d = max(d, time.Until(*c.awake))
	c.mu.Unlock()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.power.Done():
		return errModelAnswer
	}
}

func (c modelClient) Get(ctx context.Context, key string) ([]byte, string, time.Duration, error) {
	if err := c.travel(ctx); err != nil {
		return nil, "", 0, err
	}
	c.model.mu.Lock()
	o, ok := c.objects[key]
	age := max(0, c.now().Sub(o.at)).Truncate(time.Second)
	c.model.mu.Unlock()
	if !ok {
		return nil, "", 0, fs.ErrNotExist
	}
	return bytes.Clone(o.data), o.etag(), age, c.travel(ctx)
}

func (c modelClient) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	data, _, _, err := c.Get(ctx, key)
	return io.NopCloser(bytes.NewReader(data)), err
}

func (c modelClient) List(ctx context.Context, prefix string, each func(string, int64) error) error {
	if err := c.travel(ctx); err != nil {
		return err
	}
	c.model.mu.Lock()
	sizes := map[string]int64{}
	for key, o := range c.objects {
		if strings.HasPrefix(key, prefix) {
			sizes[key] = int64(len(o.data))
		}
	}
	c.model.mu.Unlock()
	for key, n := range sizes {
		if err := each(key, n); err != nil {
			return err
		}
	}
	return c.travel(ctx)
}

func (c modelClient) Folders(ctx context.Context, prefix string) ([]string, error) {
	var names []string
	err := c.List(ctx, prefix, func(key string, _ int64) error {
		if name, _, is := strings.Cut(strings.TrimPrefix(key, prefix), "/"); is && !slices.Contains(names, name+"/") {
			names = append(names, name+"/")
		}
		return nil
	})
	return names, err
}

func (c modelClient) Put(ctx context.Context, key string, data []byte, etag string) (string, error) {
	if err := c.travel(ctx); err != nil {
		return "", err
	}
	later := func() {
		data := bytes.Clone(data)
		d := c.some(40 * time.Second)
		c.late.Go(func() {
			time.Sleep(d)
			_, _ = c.put(key, data, etag)
		})
	}
	fate := 99
	if !c.calm {
		fate = c.intn(100)
	}
	switch {
	case fate < 2: // the request is lost
		c.seen.Lost++
		return "", errModelAnswer
	case fate < 5: // it takes effect when nobody waits for it any more
		c.seen.Late++
		later()
		return "", errModelAnswer
	case fate < 8: // it arrives twice
		c.seen.Twice++
		later()
	}
	version, err := c.put(key, data, etag)
	if fate >= 8 && fate < 12 { // the answer is lost
		c.seen.Lost++
		return "", errModelAnswer
	}
	if err := c.travel(ctx); err != nil {
		return "", err
	}
	return version, err
}

func newModel(t *testing.T, seen *modelSeen, seed uint64) *model {
	return &model{
		t: t, seen: seen, r: rand.New(rand.NewPCG(seed, 77)), objects: map[string]modelObject{},
		opened: map[int]uint64{}, stale: map[string]bool{},
		done: map[inventory.Position]bool{}, settled: map[inventory.Position]bool{},
	}
}

func playModel(t *testing.T, seed uint64, seen *modelSeen) {
	m := newModel(t, seen, seed)
	m.careless = seed%4 == 0
	var holders sync.WaitGroup
	for h := range 1 + m.intn(3) {
		holders.Go(func() {
			time.Sleep(m.some(20 * time.Second))
			for life := range 2 + m.intn(3) {
				m.hold(fmt.Sprintf("%d.%d", h, life))
				time.Sleep(m.some(30 * time.Second))
			}
		})
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() { // whoever sets the clock of the server
		for {
			select {
			case <-stop:
				return
			case <-time.After(m.some(100 * time.Second)):
			}
			jump := m.some(2*time.Minute) - time.Minute
			m.mu.Lock()
			m.skew += jump
			m.mu.Unlock()
		}
	})
	holders.Wait()
	m.late.Wait()
	m.calm = true
	for _, retry := range []bool{false, true} {
		if err := m.finish(retry); err != nil {
			t.Errorf("a holder without trouble cannot go on: %v", err)
		}
	}
	close(stop)
	others.Wait()
	m.check()
	if n := len(m.done); n != modelRows*len(modelSegments) && !t.Failed() {
		t.Errorf("%d rows are done in the end, want all %d", n, modelRows*len(modelSegments))
	}
}

// holder is one process on the job.
type modelHolder struct {
	*model
	store  *Remote
	name   string
	share  int
	shares int
	power  context.Context
	kill   context.CancelFunc
}

func (m *model) holder(name string, share, shares int) (*modelHolder, *time.Time, *sync.Mutex) {
	power, kill := context.WithCancel(context.Background())
	awake, mu := new(time.Time), new(sync.Mutex)
	c := modelClient{m, power, mu, awake}
	store := NewRemote(c, "job", name, RemoteConfig{Shard: share, Shards: shares, LeaseTime: 15 * time.Second})
	return &modelHolder{m, store, name, share, shares, power, kill}, awake, mu
}

// own is the share's part of the segments.
func (h *modelHolder) own(index int) bool { return h.shares == 0 || index%h.shares == h.share }

// hold is one life of a holder, with all that may happen to it.
func (m *model) hold(name string) {
	share, shares := 0, 0
	if m.intn(2) == 0 {
		share, shares = m.intn(2), 2
	}
	h, awake, mu := m.holder(name, share, shares)
	defer h.kill()
	switch m.intn(3) {
	case 0: // it is killed at some time
		m.seen.Kills++
		timer := time.AfterFunc(m.some(40*time.Second), h.kill)
		defer timer.Stop()
	case 1: // its machine sleeps for a while
		m.seen.Sleeps++
		from, d := m.some(20*time.Second), m.some(90*time.Second)
		timer := time.AfterFunc(from, func() {
			mu.Lock()
			defer mu.Unlock()
			*awake = time.Now().Add(d)
		})
		defer timer.Stop()
	}
	h.live(m.intn(3) == 0)
}

// judge says what is wrong with how a holder ends, while it has its lease still.
func (h *modelHolder) judge(err error) {
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		return
	}
	h.seen.Conflicts++
	if own := h.store.lease.Load().own; !h.replaced() {
		h.t.Errorf("%s holds its share in epoch %d, and meets a conflict: %v", h.name, own.Epoch, err)
	}
}

// replaced tells whether the lease document, as it is in the bucket, does not have
// this holder any more.
func (h *modelHolder) replaced() bool {
	now := h.leases()
	return now.find(h.store.lease.Load().own.ID) == nil
}

// leases are those of this moment.
func (m *model) leases() leases {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects["job/"+leaseName]
	if !ok {
		return leases{}
	}
	l, err := decodeLeases(leaseName, o.data)
	if err != nil {
		m.t.Error(err)
	}
	return l
}

// live takes the job, works, and gives it back.
func (h *modelHolder) live(retry bool) {
	before := h.leases().Division
	lock, err := h.store.Lock(h.power, Holder{PID: 1, Command: h.name})
	if err != nil {
		return // it is held, or nothing answers
	}
	if lock.Previous != nil {
		h.seen.Takeovers++
	}
	if before != h.shares {
		h.seen.Divisions++
	}
	if retry {
		h.seen.Retries++
	}
	h.judge(h.work(retry))
	_ = lock.Release() // of one that was killed nothing gets through; it ends its goroutine
}

// work settles rows and flushes, as an engine does. What a flush without an answer
// did is not known, so it is asked again, for some time.
func (h *modelHolder) work(retry bool) error {
	j, snap, err := Open(h.power, modelTail{h.store}, PlanHash{1}, modelSegments, Options{Own: h.own, ReserveAdmitted: true})
	for try := 0; errors.Is(err, errModelAnswer) && h.power.Err() == nil && try < 5; try++ {
		j, snap, err = Open(h.power, modelTail{h.store}, PlanHash{1}, modelSegments, Options{Own: h.own, ReserveAdmitted: true})
	}
	if err != nil {
		return err
	}
	h.note(j.epoch)
	known := map[int]*Rows{}
	for i := range modelSegments {
		if h.own(i) {
			if known[i], err = snap.Rows(h.power, i); err != nil && j.epoch > 1 {
				return err
			}
		}
	}
	steps := 0
	for row := range int64(modelRows) {
		for i := range modelSegments {
			if !h.own(i) {
				continue
			}
			p := inventory.Position{File: i, Row: row}
			rows := known[i]
			failed := rows != nil && rows.Failed(row)
			if settled := rows != nil && rows.Settled(row); retry && !failed || !retry && settled {
				continue
			}
			if err := h.settle(j, p, retry); err != nil {
				return err
			}
			if steps++; steps%4 == 0 {
				if err := h.flush(j); err != nil {
					return err
				}
			}
		}
	}
	return h.flush(j)
}

// note says that the share is open in this epoch.
func (h *modelHolder) note(epoch uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range modelSegments {
		if h.own(i) {
			h.opened[i] = max(h.opened[i], epoch)
		}
	}
}

func (h *modelHolder) settle(j *Journal, p inventory.Position, retry bool) error {
	select {
	case <-time.After(h.some(time.Second)): // a copy
	case <-h.power.Done():
		return h.power.Err()
	}
	for try := 0; ; try++ {
		err := j.Admit(h.power, p)
		if err == nil {
			break
		}
		if !errors.Is(err, errModelAnswer) || h.power.Err() != nil || try == 30 {
			return err
		}
	}
	h.mu.Lock()
	h.serial++
	serial := h.serial
	if j.epoch < h.opened[p.File] {
		h.seen.Stale++
		h.stale[strconv.Itoa(serial)] = true
	}
	h.mu.Unlock()
	fails := !h.calm && h.intn(3) == 0
	line := fmt.Sprintf("%d %d %v %d %s", p.File, p.Row, fails, serial, h.name)
	if err := errors.Join(j.Log(h.power, p, []byte(line)), j.Count(p, "lines", 1)); err != nil {
		return err
	}
	if fails {
		return j.Fail(p)
	}
	return j.Done(p)
}

// flush tries until there is an answer.
func (h *modelHolder) flush(j *Journal) error {
	for try := 0; ; try++ {
		err := j.Flush(h.power)
		if err == nil || !errors.Is(err, errModelAnswer) || h.power.Err() != nil || try == 30 {
			return err
		}
	}
}

// modelTail makes files of few lines, so that there are some.
type modelTail struct{ *Remote }

func (modelTail) TailBytes() int { return 150 }

// finish is a holder that nothing happens to.
func (m *model) finish(retry bool) error {
	h, _, _ := m.holder(fmt.Sprint("last, ", retry), 0, 0)
	defer h.kill()
	lock, err := h.store.Lock(h.power, Holder{PID: 1, Command: h.name})
	if err != nil {
		return err
	}
	if err := h.work(retry); err != nil {
		return err
	}
	return lock.Release()
}

// look is a reader that nothing happens to, at one moment.
type modelLook struct{ *model }

func (modelLook) Folders(context.Context, string) ([]string, error) { return nil, nil }

func (l modelLook) Get(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	o, ok := l.objects[key]
	if !ok {
		return nil, "", 0, fs.ErrNotExist
	}
	return o.data, o.etag(), 0, nil
}

func (l modelLook) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	data, _, _, err := l.Get(ctx, key)
	return io.NopCloser(bytes.NewReader(data)), err
}

func (l modelLook) Put(context.Context, string, []byte, string) (string, error) {
	return "", errors.ErrUnsupported
}

func (l modelLook) List(_ context.Context, prefix string, each func(string, int64) error) error {
	for key, o := range l.objects {
		if strings.HasPrefix(key, prefix) {
			if err := each(key, int64(len(o.data))); err != nil {
				return err
			}
		}
	}
	return nil
}

// check asks of what is durable at this moment all that must be true of it.
func (m *model) check() {
	m.checking.Lock()
	defer m.checking.Unlock()
	m.mu.Lock()
	frozen := &model{objects: maps.Clone(m.objects)}
	stale := maps.Clone(m.stale)
	m.mu.Unlock()
	store := NewRemote(modelLook{frozen}, "job", "look", RemoteConfig{})
	snap, err := Read(context.Background(), store)
	if err != nil {
		m.t.Errorf("read: %v", err)
		return
	}
	lines := map[inventory.Position][]string{}
	all, serials := int64(0), map[string]bool{}
	for line, err := range snap.Results(context.Background()) {
		if err != nil {
			m.t.Errorf("results: %v", err)
			return
		}
		var p inventory.Position
		var fails bool
		var serial string
		if _, err := fmt.Sscan(string(line.Data), &p.File, &p.Row, &fails, &serial); err != nil || p.File != line.Segment {
			m.t.Errorf("line %q of segment %d: %v", line.Data, line.Segment, err)
		}
		if serials[serial] {
			m.t.Errorf("line %q is there twice", line.Data)
		}
		serials[serial] = true
		if stale[serial] {
			m.t.Errorf("line %q was logged after the share was taken over, and counts", line.Data)
		}
		lines[p] = append(lines[p], strconv.FormatBool(fails))
		all++
	}
	if want := snap.Totals().Counters["lines"]; all != want {
		m.t.Errorf("%d lines are there, and %d count", all, want)
	}
	for _, seg := range snap.Segments() {
		rows, err := snap.Rows(context.Background(), seg.Index)
		if err != nil {
			m.t.Error(err)
			return
		}
		for row := range int64(modelRows) {
			p := inventory.Position{File: seg.Index, Row: row}
			settled, failed := rows.Settled(row), rows.Failed(row)
			done := settled && !failed
			if n := len(lines[p]); settled != (n > 0) || done != (n > 0 && slices.Contains(lines[p], "false")) || failed && slices.Contains(lines[p], "false") {
				m.t.Errorf("row %v: settled %v, failed %v, lines %v", p, settled, failed, lines[p])
			}
			if m.done[p] && !done || m.settled[p] && !settled {
				m.t.Errorf("row %v was settled and is not any more: done %v, settled %v", p, done, settled)
			}
			if settled {
				m.settled[p] = true
			}
			if done {
				m.done[p] = true
			}
		}
	}
}
