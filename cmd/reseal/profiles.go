package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"reseal/control/profile"
	"reseal/internal/explain"
	"reseal/internal/options"
)

// profileServer serves profiles until it is closed.
type profileServer struct {
	end    context.CancelFunc // nil where nothing is served
	served sync.WaitGroup
}

// serve begins to serve, where that is asked for, and says where.
func (s *profileServer) serve(ctx context.Context, messages io.Writer, f *options.Profiles) error {
	if f.Address == "" {
		return nil
	}
	server, err := profile.Listen(f.Address, f.Exposed)
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
