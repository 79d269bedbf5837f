package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/s3api"
)

// oversight is what a run goes by besides its limits, and where it can be
// looked at.
type oversight struct {
	windowText string
	window     window
	windowExit bool
	flagFile   string
	metrics    string
}

func (o *oversight) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.windowText, "window", "", "time of day to work in, e.g. 22:00-06:00 or 22:00-06:00@Europe/Berlin; outside it the run pauses")
	f.BoolVar(&o.windowExit, "window-exit", false, "outside the --window, end resumably (exit code 4) instead of pausing")
	f.StringVar(&o.flagFile, "throttle-flag-file", "", "pause while this `file` exists")
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at this `address`; without a host, on this machine alone, e.g. :9325")
}

// check refuses what makes no sense.
func (o *oversight) check() (err error) {
	if o.windowText != "" {
		if o.window, err = parseWindow(o.windowText); err != nil {
			return usagef("--window %w", err)
		}
	}
	if o.windowExit && !o.window.set() {
		return usagef("--window-exit is about --window")
	}
	if o.metrics, err = metricsAddress(o.metrics); err != nil {
		return usagef("--metrics %w", err)
	}
	return nil
}

// steering is the steering of a run with these flags.
func (f *runFlags) steering(g *ratelimit.Governor, stats *engine.Stats, stop context.CancelCauseFunc, log *slog.Logger, talk io.Writer, c caps) *steering {
	s := newSteering(g, stats, stop, log, talk, c, f.concurrency)
	s.window, s.windowExit, s.flagFile = f.window, f.windowExit, f.flagFile
	return s
}

// doors are the ways from a run to the outside: the control socket, the
// metrics, and what its requests pass on their way to the governor.
type doors struct {
	helm      *steering
	socket    socketPlace
	control   net.Listener // nil: none
	scrapes   net.Listener // nil: none
	metrics   *metrics     // nil: nobody asked
	headroom  *headroom    // nil: nobody asked
	own       *ownCalls
	keyWeight float64
}

// openDoors takes the addresses. A job that has no place for a socket can be run,
// but not steered; a folder that another process answers for cannot be run in.
func (f *runFlags) openDoors(helm *steering, run *runCollector) (*doors, error) {
	d := &doors{helm: helm, socket: placeOf(f.job, f.share), keyWeight: f.keyWeight}
	d.headroom, _ = parseHeadroom(f.pace.headroom) // checked before
	if d.headroom != nil {
		d.own = new(ownCalls)
	}
	if f.metrics != "" {
		d.metrics = newMetrics(run)
		var err error
		if d.scrapes, err = d.metrics.listen(f.metrics); err != nil {
			return nil, err
		}
		fmt.Fprintf(helm.talk, "metrics: http://%s/metrics\n", d.scrapes.Addr())
	}
	err := d.socket.prepare()
	if err == nil {
		d.control, err = listenControl(d.socket)
	}
	var live *liveSocketError
	switch {
	case errors.As(err, &live) && !remoteJob(f.job): // the lock of a job in a bucket says more than a socket's name
		d.close()
		return nil, err
	case err != nil:
		helm.once("control", "this run cannot be steered with reseal ctl", err)
	}
	return d, nil
}

// open lets the outside in, until the work ends.
func (d *doors) open(ctx context.Context, background func(func(context.Context)), usage usageReader) {
	if d.control != nil {
		background(func(ctx context.Context) { d.helm.serveControl(ctx, d.control) })
	}
	if d.scrapes != nil {
		background(func(ctx context.Context) { d.metrics.serve(ctx, d.scrapes, d.helm.log) })
	}
	if d.headroom != nil {
		d.helm.look(ctx, usage, d.own, *d.headroom) // not only a minute after the first object
		background(func(ctx context.Context) { d.helm.keepHeadroom(ctx, usage, d.own, *d.headroom) })
	}
}

// close gives the addresses back.
func (d *doors) close() {
	if d.scrapes != nil {
		d.scrapes.Close()
	}
	if d.control != nil {
		d.control.Close()
		d.socket.remove()
	}
}

// gate is what requests pass on their way to the governor.
func (d *doors) gate(g engine.Gate, p *plan.Policy) engine.Gate {
	t := &traffic{Gate: g, own: d.own}
	if p.Options.BucketKey && d.keyWeight < 1 {
		t.weight = newBucketKeyWeight(d.keyWeight)
	}
	if d.metrics != nil {
		t.timed = d.metrics.timed
	}
	if t.weight == nil && t.own == nil && t.timed == nil {
		return g
	}
	return t
}

// settledBefore is the number of objects that earlier runs of a job dealt with.
func settledBefore(t checkpoint.Totals) int64 {
	done := t.Failed
	for name, n := range t.Counters {
		if strings.HasPrefix(name, "done.") {
			done += n
		}
	}
	return done
}

// settledBefore is the number of objects of the job that this run leaves as
// earlier ones had them.
func (f *runFlags) settledBefore(t checkpoint.Totals) int64 {
	if f.retry {
		return settledBefore(t) - t.Failed
	}
	return settledBefore(t)
}

var _ usageReader = (*s3api.Client)(nil)
