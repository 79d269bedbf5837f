package main

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/job/status"
)

// TestCrashes kills runs at random moments and goes on with the same command,
// until the job is finished. The simulator counts commits: every object is
// copied exactly once, and nothing is skipped. Requests fail, and answers to
// copies that took place get lost.
//
// After each kill the job says no more than what took place, and what it misses is
// what was in flight and what took place since its last flush. Its repeats are no
// more than what it missed, and the answers that were lost.
//
// A failure prints its seed; RESEAL_CRASH_SEED=N plays it again. CI plays a
// tenth; RESEAL_SOAK=1 kills 200 times over 20,000 objects.
func TestCrashes(t *testing.T) {
	t.Parallel()
	objects, kills, rate := int64(2000), 24, "1000"
	if os.Getenv("RESEAL_SOAK") != "" {
		objects, kills, rate = 20_000, 200, "60" // so that most runs live for some flushes
	}
	const inFlight = 32
	seed := rand.Uint64()
	if s := os.Getenv("RESEAL_CRASH_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Logf("RESEAL_CRASH_SEED=%d", seed)

	c := newCrashes(t, simaws.Config{Seed: 1, Latency: time.Millisecond, Jitter: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1})
	for _, f := range []simulator.Fault{
		{Code: "InternalError", HTTPStatus: 500, Probability: 0.02},
		{Code: "SlowDown", HTTPStatus: 503, Probability: 0.005},
		{Directive: simulator.ResetConn, Probability: 0.005},
		{Code: "InternalError", HTTPStatus: 500, Probability: 0.005, AfterCommit: true},
	} {
		f.Op, f.Seed = "CopyObject", seed
		c.fault(f)
	}
	w, dir := c.w, filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", dir, "--yes", "--quiet",
		"--probe-key-prefix", "reseal-probe/", "--bucket-key-enabled=false", "--kms-rps", rate, "--concurrency", strconv.Itoa(inFlight)}
	moments := make([]int64, kills) // as copies that took effect
	for i := range moments[2:] {    // the first two are while the job is made, or soon after
		moments[i+2] = rng.Int64N(objects * 9 / 10)
	}
	slices.Sort(moments)

	killed, flushed := 0, 0
	before, missed, lostBefore, copied := new(status.Status), int64(0), int64(0), int64(0) // as of the kill before
	all, most := int64(0), int64(0)
	for _, moment := range moments {
		cmd := w.command(run...)
		ended := startCommand(t, cmd)
		c.watch(ended, moment)
		time.Sleep(time.Duration(rng.IntN(4000)) * time.Microsecond)
		_ = cmd.Process.Kill()
		if err := <-ended; err == nil {
			break // finished before it could be killed
		}
		c.idle() // what was under way has taken effect, or never will
		killed++
		committed := w.committed()
		s := &status.Status{}
		if _, err := os.Stat(filepath.Join(dir, job.PlanFile)); err == nil {
			if s, err = readStatus(t.Context(), dir); err != nil {
				t.Fatalf("after kill %d: %v", killed, err)
			}
		}
		lost := committed - s.Done
		since := c.since(flushBefore(t, dir))
		if s.Done < before.Done || lost < 0 {
			t.Fatalf("after kill %d the job says %d objects are done; before, it said %d, and %d were copied", killed, s.Done, before.Done, committed)
		}
		// Of what kills before left unrecorded, some is recognised by now: what is
		// new is the rest, but for repeats that come from lost answers.
		spoilt, repeats := c.spoilt(), s.Repeats-before.Repeats
		news := lost - missed + repeats - (spoilt - lostBefore)
		if news > inFlight+since {
			t.Errorf("kill %d: %d more copies are not recorded, want at most %d in flight and the %d since the last flush began", killed, news, inFlight, since)
		}
		if repeats > missed+spoilt-lostBefore {
			t.Errorf("kill %d: %d repeats since the one before, want at most the %d copies that it left unrecorded, and %d whose answer was lost", killed, repeats, missed, spoilt-lostBefore)
		}
		if since < committed-copied {
			flushed++
		}
		before, missed, lostBefore, copied, all, most = s, lost, spoilt, committed, all+news, max(most, news)
	}
	if killed < kills*5/6 { // a run may end before it is killed
		t.Errorf("killed %d times, want at least %d", killed, kills*5/6)
	}
	out, err := w.command(slices.DeleteFunc(slices.Clone(run), func(a string) bool { return a == "--quiet" })...).CombinedOutput()
	if err != nil {
		t.Fatalf("last run: %v\n%s", err, out)
	}

	for times, n := range w.rewritten() {
		if times != 1 {
			t.Errorf("%d objects were copied %d times, want each exactly once", n, times)
		}
	}
	s := w.status(dir)
	if s == nil || s.Done != objects || s.Failed != 0 || s.State != "finished" || len(s.Skipped) != 0 {
		t.Fatalf("status at the end: %+v, want %d done and nothing else", s, objects)
	}
	if repeats := s.Repeats - before.Repeats; repeats < missed || repeats > missed+c.spoilt()-lostBefore {
		t.Errorf("%d repeats since the last kill, want the %d copies that it left unrecorded, and at most the %d whose answer was lost", repeats, missed, c.spoilt()-lostBefore)
	}
	if missed > 0 && !strings.Contains(unwrapped(string(out)), "recognised, not copied again") {
		t.Errorf("the last run says nothing of repeats:\n%s", out)
	}
	t.Logf("%d kills, %d of them after a run had flushed more than once; they left %d copies unrecorded, %d at most; %d answers lost; %d repeats recognised",
		killed, flushed, all, most, c.spoilt(), s.Repeats)
	if out, err := w.command("verify", "--job", dir, "--allow", "not-compared").CombinedOutput(); err != nil {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// crashes is a world to kill runs in: what takes effect in it is known by time,
// and so is when the last request of a killed run is over.
type crashes struct {
	w     *testWorld
	conns *openConns
	lost  []int // faults that take effect and spoil the answer
	took  []effect
}

// effect is how many copies had taken effect at some instant, those of a probe
// on its scratch objects included.
type effect struct {
	at     time.Time
	copies int64
}

func newCrashes(t *testing.T, config simaws.Config, pop simulator.Population) *crashes {
	t.Helper()
	sim, manifest := newPopulated(t, config, pop, simaws.Report{})
	c := &crashes{conns: &openConns{Listener: sim.Listener}}
	sim.Listener = c.conns
	c.w = serveWorld(t, sim, manifest)
	return c
}

// fault makes requests fail.
func (c *crashes) fault(f simulator.Fault) {
	c.w.sim.Locked(func(world *simulator.World) {
		id := world.AddFault(f)
		if f.AfterCommit {
			c.lost = append(c.lost, id)
		}
	})
}

// spoilt is how many copies took effect without an answer that says so.
func (c *crashes) spoilt() (n int64) {
	c.w.sim.Locked(func(world *simulator.World) {
		for _, id := range c.lost {
			n += world.FaultHits(id)
		}
	})
	return n
}

// watch waits until n copies have taken effect, or the run ended.
func (c *crashes) watch(ended chan error, n int64) {
	for {
		now := time.Now() // before the count, which so is too high rather than too low
		copies := c.effects()
		if k := len(c.took); k == 0 || c.took[k-1].copies != copies {
			c.took = append(c.took, effect{now, copies})
		}
		if copies >= n {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// idle waits until the connections of the killed run are gone.
func (c *crashes) idle() {
	for c.conns.open.Load() > 0 {
		time.Sleep(100 * time.Microsecond)
	}
}

// effects is how many copies have taken effect by now.
func (c *crashes) effects() int64 { return c.w.sim.Copies() + c.spoilt() }

// since is how many copies took effect after at, or may have.
func (c *crashes) since(at time.Time) int64 {
	i, _ := slices.BinarySearchFunc(c.took, at, func(s effect, at time.Time) int { return s.at.Compare(at) })
	if i == 0 {
		return c.effects()
	}
	return c.effects() - c.took[i-1].copies
}

// flushBefore is when the flush before the last one had ended, so that the last
// one began after that: of the two copies of a state it wrote the older.
func flushBefore(t *testing.T, job string) time.Time {
	t.Helper()
	var ends []time.Time
	for _, copy := range []string{"state/000000.a", "state/000000.b"} {
		info, err := os.Stat(filepath.Join(job, copy))
		if err != nil {
			return time.Time{}
		}
		ends = append(ends, info.ModTime())
	}
	return slices.MinFunc(ends, time.Time.Compare)
}

// openConns counts the connections that are open.
type openConns struct {
	net.Listener
	open atomic.Int64
}

func (l *openConns) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	err := c.Conn.Close()
	c.closed()
	return err
}
