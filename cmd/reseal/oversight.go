package main

import (
	"github.com/spf13/cobra"

	"reseal/control"
	"reseal/control/metrics"
	"reseal/internal/options"
)

// oversight is what a run goes by besides its limits, and where it can be
// looked at.
type oversight struct {
	notifying
	windowText string
	window     control.Window
	windowExit bool
	flagFile   string
	metrics    string
	ended      endFile
	profile    options.Profiles
	force      bool
	ui         options.Page
}

func (o *oversight) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.windowText, "window", "", "time of day to work in, e.g. 22:00-06:00 or 22:00-06:00@Europe/Berlin; outside it the run pauses")
	f.BoolVar(&o.windowExit, "window-exit", false, "outside the --window, end resumably (exit code 4) instead of pausing")
	f.BoolVar(&o.force, "force", false, "take a --kms-rps above the account's quota, too: KMS throttles then")
	pathVar(f, &o.flagFile, "throttle-flag-file", "pause while this `file` exists")
	o.notify.Bind(f)
	f.StringVar(&o.metrics, "metrics", "", "serve Prometheus metrics at this `address`; without a host, on this machine alone, e.g. :9325")
	o.ended.bind(cmd)
	o.profile.Bind(f)
	o.ui.Bind(f, "")
}

// check refuses what makes no sense.
func (o *oversight) check() (err error) {
	if o.windowText != "" {
		if o.window, err = control.ParseWindow(o.windowText); err != nil {
			return usagef("--window %w", err)
		}
	}
	if o.windowExit && !o.window.IsSet() {
		return usagef("--window-exit is about --window")
	}
	if o.metrics, err = metrics.Address(o.metrics); err != nil {
		return usagef("--metrics %w", err)
	}
	if err := o.profile.Complete(); err != nil {
		return err
	}
	if err := o.ui.Complete(); err != nil {
		return err
	}
	return o.checkNotify()
}
