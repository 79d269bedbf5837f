package control

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
)

// Operator is the reason of a pause that only the operator ends.
const Operator = "operator"

// Config is what a Controller works with. The zero values of Window, FlagFile and
// KMSQuota mean none.
type Config struct {
	Governor *ratelimit.Governor
	Stats    *engine.Stats
	Stop     context.CancelCauseFunc // ends admission
	Log      *slog.Logger
	Ordered  func(Order)  // called after each request that changes something; nil: nobody is told
	Notify   func(Notice) // called one at a time; it must not call the Controller

	KMSCap      float64           // KMS requests a second, by the flags
	KMSQuota    float64           // of the account, requests a second; 0 = not known
	Shared      *ratelimit.Shared // cap on KMS requests of other runs together with this one; may be nil
	Concurrency int               // objects in flight at most, until the operator changes it
	MaxSlots    int               // objects in flight at most, by the connections that may be open

	Window     Window
	WindowExit bool // outside the window the run ends instead of pausing
	FlagFile   string
}

// Controller pauses a run and sets its caps. Clock, flag file, operator and the
// use of the KMS quota by others decide. Safe for concurrent use.
type Controller struct {
	cfg         Config
	started     time.Time
	concurrency atomic.Int64 // objects in flight at most

	mu        sync.Mutex
	wantedCap float64     // on KMS requests, by flags or operator
	leftCap   float64     // what others leave of the quota, +Inf where that is not known
	caps      report.Caps // that held so far
	paused    []string    // reasons
	draining  bool
	unpaced   Binding // what binds where no quota does
	meter     *Meter
	rate      float64 // objects a second
	warned    map[string]bool
	past      past

	throttling [3]throttling // of the goroutine of Watch
}

// New returns the controller of a run that begins now.
func New(cfg Config) *Controller {
	c := &Controller{cfg: cfg, started: time.Now(), wantedCap: cfg.KMSCap, leftCap: math.Inf(1), warned: map[string]bool{},
		throttling: [...]throttling{{quota: "kms"}, {quota: "s3_writes"}, {quota: "s3_reads"}}}
	c.concurrency.Store(int64(cfg.Concurrency))
	c.unpaced = Binding{Limit: LimitNone, Since: c.started}
	c.meter = NewMeter(c.started, 0)
	c.past = newPast(c.started)
	c.caps = c.caps.With(report.Cap{Since: c.started.UTC(), PerSecond: cfg.KMSCap})
	return c
}

// Slots is how many objects should be in flight: what the quotas need, and no
// more than the user wants.
func (c *Controller) Slots() int {
	return min(int(c.concurrency.Load()), c.cfg.Governor.Slots(), c.cfg.MaxSlots)
}

// Watch looks at clock and flag file every second until admission ends. Then it ends all pauses, as work that is committed
// must not wait.
func (c *Controller) Watch(admit context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	c.updatePauses(time.Now())
	for {
		select {
		case now := <-tick.C:
			// Windows go by the wall clock as it is now, also where it was set or the machine slept.
			c.updatePauses(time.Now())
			c.sample(now)
			c.note(now)
			c.noteThrottling(now)
		case <-admit.Done():
			c.endPauses()
			return
		}
	}
}

// updatePauses pauses or resumes by what the clock and the flag file say.
func (c *Controller) updatePauses(now time.Time) {
	if w := c.cfg.Window; w.IsSet() {
		if open := w.Open(now); !open && c.cfg.WindowExit {
			c.cfg.Stop(w.Closed(now))
		} else {
			c.setPause(!open, windowReason+w.String(), func() string { return "until " + w.Until(now) })
		}
	}
	if c.cfg.FlagFile != "" {
		_, err := os.Stat(c.cfg.FlagFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.warnOnce("flag file", "the flag file cannot be looked at, so the run pauses", err)
		}
		c.setPause(!errors.Is(err, fs.ErrNotExist), "flag file "+c.cfg.FlagFile, func() string { return "while it exists" })
	}
}

// setPause begins or ends the pause for a reason. until says how it ends; it is
// called only when a pause begins.
func (c *Controller) setPause(pause bool, reason string, until func() string) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if pause == slices.Contains(c.paused, reason) || pause && c.draining {
		return false
	}
	if pause {
		c.paused = append(c.paused, reason)
		c.cfg.Governor.Pause(reason)
		ends := until()
		c.cfg.Notify(Notice{Kind: Paused, Text: reason, Until: ends})
		c.cfg.Log.Info("paused", "reason", reason, "until", ends)
		return true
	}
	c.paused = slices.DeleteFunc(c.paused, func(r string) bool { return r == reason })
	c.cfg.Governor.Resume(reason)
	c.cfg.Notify(Notice{Kind: Resumed, Text: reason})
	c.cfg.Log.Info("resumed", "reason", reason)
	return true
}

// endPauses ends all pauses, and lets none begin any more.
func (c *Controller) endPauses() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	for _, reason := range c.paused {
		c.cfg.Governor.Resume(reason)
	}
	c.paused = nil
}

// drain ends admission for the operator.
func (c *Controller) drain() {
	c.cfg.Stop(&engine.StopError{Limit: "reseal ctl drain"})
	c.endPauses() // so that the answer shows it
}

// warnOnce warns about a topic the first time.
func (c *Controller) warnOnce(topic, text string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.warned[topic] {
		c.warned[topic] = true
		c.cfg.Notify(Notice{Kind: Warning, Text: text, Err: err})
		c.cfg.Log.Warn("warning", "text", text, "error", err)
	}
}

// setWantedCap sets the cap that the operator wants, requests a second above 0, and
// returns the one before.
func (c *Controller) setWantedCap(rps float64) (was float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, c.wantedCap = c.wantedCap, rps
	c.applyCap()
	return was
}

// setLeftCap sets what others leave of the KMS quota, requests a second.
func (c *Controller) setLeftCap(rps float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leftCap = rps
	c.applyCap()
}

// applyCap tells the governor. The lock is held.
func (c *Controller) applyCap() {
	rps := c.belowShared(capBeside(c.wantedCap, c.leftCap))
	if c.cfg.Governor.Status().KMS.Cap != rps {
		c.cfg.Governor.SetCap(plan.QuotaKMS, rps)
		c.caps = c.caps.With(report.Cap{Since: time.Now().UTC(), PerSecond: rps})
		c.cfg.Log.Info("kms cap", "rps", rps, "wanted_rps", c.wantedCap)
	}
}

// sharedCap is the cap that holds for this run together with others, 0 for none.
func (c *Controller) sharedCap() float64 {
	if c.cfg.Shared == nil {
		return 0
	}
	return c.cfg.Shared.Status().KMS.Cap
}

// belowShared is a cap as it holds beside the one that is shared with other runs.
func (c *Controller) belowShared(rps float64) float64 {
	if shared := c.sharedCap(); shared > 0 && (rps == 0 || rps > shared) {
		return shared
	}
	return rps
}

// KMSCaps are the caps on KMS requests so far, first to last.
func (c *Controller) KMSCaps() report.Caps {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.caps
}

// noteThrottling logs where a quota began to be exceeded, and where that is over.
func (c *Controller) noteThrottling(now time.Time) {
	g := c.cfg.Governor.Status()
	for i, used := range [...]ratelimit.Usage{g.KMS, g.Writes, g.Reads} {
		c.throttling[i].see(c.cfg.Log, used.Throttled, now)
	}
}
