package migrate

import (
	"context"
	"errors"
	"time"

	"reseal/control"
	"reseal/control/metrics"
	"reseal/engine"
	"reseal/s3api"
)

// services are what a run offers and watches besides its work.
type services struct {
	cfg        *Config
	controller *control.Controller
	control    *control.Server     // nil: ctl cannot reach the run
	metrics    *metrics.Server     // nil: nobody asked
	usage      *control.UsageWatch // nil: nobody asked
}

// openServices takes the addresses.
func openServices(cfg *Config, c *control.Controller, source metrics.Source) (*services, error) {
	s := &services{cfg: cfg, controller: c}
	if h := cfg.Services.Headroom; h != nil {
		s.usage = &control.UsageWatch{Controller: c, Usage: AccountUsage(cfg.Client.KMSUsage), Own: new(control.OwnCalls), Headroom: *h}
	}
	var err error
	if cfg.Services.Metrics != "" {
		if s.metrics, err = metrics.Listen(cfg.Services.Metrics, source); err != nil {
			return nil, err
		}
		cfg.Observer.Serving("http://" + s.metrics.Addr().String() + "/metrics")
	}
	if s.control, err = s.openControl(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// openControl opens the control socket of a run. Without a place for one the run
// goes ahead, and the server is nil.
func (s *services) openControl() (*control.Server, error) {
	server, err := control.Listen(s.cfg.Services.Socket)
	if err == nil {
		return server, nil
	}
	if errors.As(err, new(*control.InUseError)) && s.cfg.Services.Required {
		return nil, err
	}
	const text = "this run cannot be steered with reseal ctl"
	s.cfg.Observer.Notify(control.Notice{Kind: control.Warning, Text: text, Err: err})
	s.cfg.Log.Warn("warning", "text", text, "error", err)
	return nil, nil
}

// start begins to serve. It looks at the account's use first, so that no object is
// begun before the cap is right.
func (s *services) start(l *Lifetime) {
	if s.control != nil {
		l.Start(func(ctx context.Context) { s.control.Serve(ctx, s.controller) })
	}
	if s.metrics != nil {
		l.Start(func(ctx context.Context) { s.metrics.Serve(ctx, s.cfg.Log) })
	}
	if s.usage != nil {
		s.usage.Check(l.admit)
		l.Start(s.usage.Run)
	}
}

// close gives the addresses back.
func (s *services) close() {
	if s.metrics != nil {
		s.metrics.Close()
	}
	if s.control != nil {
		s.control.Close()
	}
}

// gate is what requests pass on their way to next.
func (s *services) gate(next engine.Gate) engine.Gate {
	g := &control.CountingGate{Next: next}
	if s.usage != nil {
		g.Own = s.usage.Own
	}
	if s.cfg.Policy.Options.BucketKey && s.cfg.Pace.KeyWeight < 1 {
		g.KeyWeight = control.NewBucketKeyWeight(s.cfg.Pace.KeyWeight)
	}
	if s.metrics != nil {
		g.Observe = s.metrics.Observe
	}
	if g.KeyWeight == nil && g.Own == nil && g.Observe == nil {
		return next
	}
	return g
}

// AccountUsage is what CloudWatch counted of the account's KMS requests, as read
// tells it.
func AccountUsage(read func(ctx context.Context, from, to time.Time) ([]s3api.KMSCalls, error)) control.UsageFunc {
	return func(ctx context.Context, from, to time.Time) ([]control.MinuteCalls, error) {
		calls, err := read(ctx, from, to)
		minutes := make([]control.MinuteCalls, len(calls))
		for i, c := range calls {
			minutes[i] = control.MinuteCalls(c)
		}
		return minutes, err
	}
}
