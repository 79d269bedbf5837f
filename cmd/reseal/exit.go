package main

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"reseal/batchops"
	"reseal/campaign"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/cli"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/known"
	"reseal/migrate"
	"reseal/preflight"
	"reseal/s3api"
	"reseal/selfcheck"
)

// The exit codes. They are documented in docs/scripting.md and never reused.
const (
	exitDone        = 0
	exitFatal       = 1
	exitUsage       = 2
	exitFailures    = 3 // finished, with failed objects or unreadable report files
	exitStopped     = 4 // stopped by a limit, resumable
	exitRefused     = 5 // preflight or canary refused, or declined at the prompt
	exitMismatch    = 6 // another job, or locked
	exitDifferent   = 7 // verification found a difference
	exitInterrupted = 130
	exitTerminated  = 143
	exitHungUp      = 129
)

// usagef makes an error of a command line that makes no sense.
func usagef(format string, args ...any) error { return cli.Usagef(format, args...) }

// finding is an ending that is not an error of the run: its output was printed
// already, only the exit code tells.
type finding struct{ code int }

func (e *finding) Error() string { return fmt.Sprintf("exit %d", e.code) }

// exit tells how cmd ended, and returns the exit code.
func (p process) exit(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if !errors.As(err, new(*finding)) {
		fmt.Fprint(p.screen(), p.said(cmd, err))
	}
	return code
}

// exitCode is the one place where endings become numbers. Where several hold,
// the order of the cases decides.
func exitCode(err error) int {
	var (
		found   *finding
		usage   *cli.UsageError
		refused *preflight.RefusedError
		sig     *signalError
		left    *migrate.UnfinishedError
		lossy   *engine.LossError
	)
	switch {
	case errors.As(err, &found):
		return found.code
	case errors.As(err, &usage), errors.As(err, new(*job.NameError)), errors.As(err, new(*batchops.SelectionError)), errors.As(err, new(*selfcheck.RegionError)):
		return exitUsage
	case isMismatch(err):
		return exitMismatch
	case errors.As(err, &refused) && notAsked(err):
		return exitFatal
	case errors.As(err, &refused), errors.As(err, &lossy):
		return exitRefused
	case errors.As(err, &sig):
		switch sig.Signal {
		case syscall.SIGTERM:
			return exitTerminated
		case syscall.SIGHUP:
			return exitHungUp
		}
		return exitInterrupted
	case isStop(err):
		return exitStopped
	case errors.As(err, &left):
		return exitFailures
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFatal
}

// notAsked tells whether nobody could say what the run may do: the service was not
// reached, or did not take the credentials. That refuses nothing.
func notAsked(err error) bool {
	switch s3api.KindOf(err) {
	case s3api.Unreachable, s3api.UnknownHost, s3api.Proxy, s3api.Middlebox, s3api.NotTLS, s3api.OldTLS, s3api.Certificate, s3api.BadBundle,
		s3api.OpenFiles, s3api.NoCredentials, s3api.BadCredential, s3api.Clock:
		return true
	}
	return false
}

// isMismatch tells whether err says that the job cannot be touched by this
// command: made for something else, unbelievable, or held by another process.
func isMismatch(err error) bool {
	for _, kind := range []any{
		new(*campaign.ChangedError), new(*campaign.DocumentError), new(*campaign.OtherBucketError),
		new(*checkpoint.ConflictError), new(*checkpoint.LockedError), new(*checkpoint.LostError), new(*checkpoint.MismatchError),
		new(*checkpoint.StateError), new(*checkpoint.UntrustedError), new(*control.InUseError),
		new(*generations.FormatError), new(*generations.LinkError), new(*generations.LostError),
		new(*job.CampaignError), new(*job.MadeError), new(*job.VersionError),
		new(*known.DifferentError), new(*known.FileError),
	} {
		if errors.As(err, kind) {
			return true
		}
	}
	return false
}

// isStop tells whether a limit of the user's ended the run.
func isStop(err error) bool {
	var stop *engine.StopError
	return errors.As(err, &stop)
}
