package options

import (
	"github.com/spf13/pflag"

	"reseal/control/metrics"
	"reseal/internal/cli"
	"reseal/ui"
)

// Page is where the live page of a job is served.
type Page struct {
	Address string // "" for nowhere
	Exposed bool
}

// Bind adds the flags of a page that is served at address if nobody names another.
func (p *Page) Bind(f *pflag.FlagSet, address string) {
	f.StringVar(&p.Address, "ui", address, "serve a live page of the job at this `address`; without a host, on this machine alone; port 0 takes a free one")
	f.BoolVar(&p.Exposed, "ui-expose", false, "let --ui be an address that other machines reach; the page crosses the network without encryption")
}

// Complete completes the address, and refuses one that other machines reach where that is
// not said to be meant.
func (p *Page) Complete() (err error) {
	if p.Address, err = metrics.Address(p.Address); err != nil {
		return cli.Usagef("--ui %w", err)
	}
	switch {
	case p.Address == "" && p.Exposed:
		return cli.Usagef("--ui-expose is about --ui")
	case p.Address != "" && !p.Exposed && !ui.OnThisMachine(p.Address):
		return cli.Usagef("--ui: %w; --ui-expose says that this is meant", &ui.OutsideError{Address: p.Address})
	}
	return nil
}

// Profiles are where a developer can look into the process.
type Profiles struct {
	Address string // "" for nowhere
	Exposed bool
}

// Bind adds the flags of profiles.
func (p *Profiles) Bind(f *pflag.FlagSet) {
	f.StringVar(&p.Address, "debug-addr", "", "for developers: serve profiles of the process (pprof) at this `address`; without a host, on this machine alone")
	f.BoolVar(&p.Exposed, "debug-expose", false, "let --debug-addr be an address that other machines reach; profiles have no password")
}

// Complete completes the address.
func (p *Profiles) Complete() (err error) {
	if p.Address, err = metrics.Address(p.Address); err != nil {
		return cli.Usagef("--debug-addr %w", err)
	}
	if p.Address == "" && p.Exposed {
		return cli.Usagef("--debug-expose is about --debug-addr")
	}
	return nil
}
