package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"reseal/control/profile"
	"reseal/internal/explain"
	"reseal/internal/options"
)

// profileServer serves profiles until it is closed.
type profileServer struct{ end func() } // nil where nothing is served

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
	s.end = server.Begin(ctx, func(err error) { fmt.Fprintf(messages, "note: %s\n", explain.Words(err)) })
	return nil
}

// close ends serving.
func (s *profileServer) close() {
	if s.end != nil {
		s.end()
	}
}
