package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"reseal/control/metrics"
	"reseal/control/profile"
	"reseal/internal/explain"
)

// profiles say where a developer can look into the process.
type profiles struct {
	address string // "" for nowhere
	exposed bool
}

func (f *profiles) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.address, "debug-addr", "", "for developers: serve profiles of the process (pprof) at this `address`; without a host, on this machine alone")
	fs.BoolVar(&f.exposed, "debug-expose", false, "let --debug-addr be an address that other machines reach; profiles have no password")
}

// check completes the address.
func (f *profiles) check() (err error) {
	if f.address, err = metrics.Address(f.address); err != nil {
		return usagef("--debug-addr %w", err)
	}
	if f.address == "" && f.exposed {
		return usagef("--debug-expose is about --debug-addr")
	}
	return nil
}

// profileServer serves profiles until it is closed.
type profileServer struct {
	end    context.CancelFunc // nil where nothing is served
	served sync.WaitGroup
}

// serve begins to serve, where that is asked for, and says where.
func (s *profileServer) serve(ctx context.Context, messages io.Writer, f *profiles) error {
	if f.address == "" {
		return nil
	}
	server, err := profile.Listen(f.address, f.exposed)
	if outside := (*profile.OutsideError)(nil); errors.As(err, &outside) {
		return usagef("--debug-addr: %w; --debug-expose says that this is meant", outside)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(messages, "profiles: http://%s/debug/pprof/\n", server.Addr())
	ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.served.Go(func() {
		if err := server.Serve(ctx); err != nil {
			fmt.Fprintf(messages, "note: %s\n", explain.Words(err))
		}
	})
	return nil
}

// close ends serving.
func (s *profileServer) close() {
	if s.end != nil {
		s.end()
		s.served.Wait()
	}
}
