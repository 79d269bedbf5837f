package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"reseal/internal/simulator"
)

// simulateFlags is the command line of simulate.
type simulateFlags struct {
	simConfig
	manifest string
	objects  int64
	bucket   string
	dir      string
	usersOf  string
}

const simulateLong = `simulate serves a simulated S3, KMS and Service Quotas for any S3 client, with the
rules and error codes that AWS documents. It keeps everything in memory.

  reseal simulate --objects 100000
  reseal simulate --from-manifest ./inv/acme-media-archive/daily/2025-11-21T02-00Z/manifest.json

It prints what a client needs as environment variables, and serves until it is
interrupted. To have both in one shell:

  reseal simulate --objects 1000 --listen 127.0.0.1:9100 >simulator.env &
  while kill -0 $! && [ ! -s simulator.env ]; do sleep 1; done; . ./simulator.env

and, when it is not needed any more: kill %1`

func newSimulateCommand(p process) *cobra.Command {
	f := &simulateFlags{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve a simulated S3 and KMS, for any S3 client",
		Long:  simulateLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.serve(cmd.Context(), p) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	fs.BoolVar(&f.tls, "tls", false, "serve TLS with a certificate made for the purpose")
	fs.StringVar(&f.manifest, "from-manifest", "", "fill a bucket with the objects of this local inventory report")
	fs.Int64Var(&f.objects, "objects", 0, "fill a bucket with this many objects of all kinds, and write an inventory report of it")
	fs.Uint64Var(&f.seed, "seed", 1, "which objects; the same seed makes the same ones")
	fs.StringVar(&f.bucket, "bucket", "reseal-demo", "name of the bucket that --objects fills")
	fs.StringVar(&f.dir, "report-dir", "", "also write the report of --objects to this `folder`")
	fs.DurationVar(&f.latency, "latency", 0, "time that each request takes at least")
	fs.DurationVar(&f.jitter, "jitter", 0, "random time on top of it, at most")
	fs.IntVar(&f.kmsRPS, "kms-quota", 0, "KMS requests in any second before KMS throttles (default: no quota)")
	fs.StringVar(&f.usersOf, "users", "", "JSON `file` of more identities, with their policies (docs/enforce.md shows one)")
	fs.BoolVar(&f.strict, "http-is-insecure", false, "without --tls: treat requests as S3 treats plain HTTP, instead of as if a proxy had ended TLS")
	fs.IntVar(&f.s3RPS, "s3-quota", 0, "S3 writes in any second to keys of one first-level prefix before S3 throttles (default: no quota)")
	return cmd
}

// serve fills the buckets, prints how to reach them, and serves until a signal.
func (f *simulateFlags) serve(ctx context.Context, p process) error {
	if f.manifest != "" && f.objects > 0 {
		return usagef("--from-manifest and --objects exclude each other")
	}
	if f.objects < 0 || f.kmsRPS < 0 || f.s3RPS < 0 || f.latency < 0 || f.jitter < 0 {
		return usagef("numbers cannot be negative")
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var err error
	if f.users, err = readUsers(f.usersOf); err != nil {
		return err
	}
	s, err := newSimulation(f.simConfig)
	if err != nil {
		return err
	}
	defer s.ln.Close()
	manifest := ""
	switch {
	case f.manifest != "":
		manifest = f.manifest
		_, err = s.load(ctx, f.manifest)
	case f.objects > 0:
		manifest, err = s.populate(ctx, f.bucket, simulator.Population{N: f.objects, Seed: f.seed}, f.dir)
	}
	if err != nil {
		return err
	}
	env, err := s.environment(os.TempDir())
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(p.stdout, exports(env)); err != nil {
		return fmt.Errorf("print environment: %w", err)
	}
	fmt.Fprintf(p.stderr, "serving at %s until interrupted; KMS key %s\n", s.url(), simKey)
	if manifest != "" {
		fmt.Fprintf(p.stderr, "report: --manifest %s\n", manifest)
	}
	if err := s.serve(ctx); err != nil {
		return err
	}
	return nil
}

// exports are environment variables as a shell sets them. They are printed at once,
// so that who waits for the first of them has them all.
func exports(env []string) string {
	var b strings.Builder
	for _, v := range env {
		fmt.Fprintf(&b, "export %s\n", v)
	}
	return b.String()
}
