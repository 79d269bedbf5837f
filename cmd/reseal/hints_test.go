package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/explain"
	"reseal/internal/outfile"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/s3api"
)

// hinted are errors of every kind that something helps against.
func hinted() []error {
	cause := errors.New("cause")
	all := []error{
		&outfile.FolderError{Folder: "nope"}, &outfile.PartError{}, &job.NameError{Name: "s3://b"}, &job.FullFolderError{Folder: "f"}, &job.NoJobError{Name: "j"}, &job.NotJobError{Name: "j"}, &job.CampaignError{Name: "c"},
		&job.UnwritableError{Job: "s3://b/j", Err: &s3api.SetupError{Kind: s3api.AccessDenied, Code: "AccessDenied", Err: cause}},
		&engine.ObjectError{Reason: plan.SelfCopy, Err: cause}, &engine.ObjectError{Class: engine.Denied, Bucket: "b", Err: cause},
		&checkpoint.MismatchError{}, &checkpoint.MismatchError{Differences: []checkpoint.Difference{{Name: "--exclude-prefix"}}}, &checkpoint.LockedError{Job: "j"},
		&checkpoint.ConflictError{}, &checkpoint.UntrustedError{Help: "look; a log elsewhere is named with --log-file"}, &job.MadeError{Job: "j"}, control.ErrNotRunning, inventory.ErrNoChecksum, &inventory.ChecksumError{}, &inventory.FormatError{},
		&inventory.NoReportError{Below: "s3://b/"}, &inventory.UnlikeError{Name: "n"}, syscall.EFBIG, syscall.ENOSPC,
		&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission},
		&s3api.SetupError{Kind: s3api.AccessDenied, Expected: "111122223333", Err: cause}, &s3api.SetupError{Kind: s3api.AccessDenied, Op: "HeadBucket", Subject: "b", Err: cause},
		&s3api.SetupError{Kind: s3api.WrongRegion, Region: "eu-west-1", Err: cause}, &s3api.SetupError{Kind: s3api.BadEndpoint, Subject: "h:1", Err: cause},
	}
	for _, kind := range []s3api.SetupKind{
		s3api.BadConfig, s3api.BadBundle, s3api.BadEndpoint, s3api.PlainHTTP, s3api.NoCredentials, s3api.BadCredential, s3api.Clock, s3api.Unreachable, s3api.UnknownHost,
		s3api.Proxy, s3api.Middlebox, s3api.NotTLS, s3api.OldTLS, s3api.OpenFiles, s3api.Certificate, s3api.NoBucket, s3api.WrongRegion, s3api.AccessDenied,
		s3api.KeyUnknown, s3api.KeyDisabled, s3api.KeyDeleted, s3api.KeyUnavailable, s3api.KeyRegion, s3api.KeyUsage,
	} {
		all = append(all, &s3api.SetupError{Kind: kind, Op: "GetObject", Subject: "s3://b/k", Err: cause})
	}
	return all
}

// has tells which flags a command has.
func has(cmd *cobra.Command) func(flag string) bool {
	return func(flag string) bool { return cmd.Flag(flag) != nil }
}

// A hint names no flag that the command has not which failed, and its next command is
// one that there is.
func TestHintsCanBeFollowed(t *testing.T) {
	for _, err := range hinted() {
		if explain.RemedyOf(err, nil) == (explain.Remedy{}) {
			t.Errorf("%T: no hint", err)
		}
		for _, cmd := range commandsOf(newRoot(process{})) {
			p := process{args: strings.Fields(strings.TrimPrefix(cmd.CommandPath(), "reseal "))}
			r := explain.RemedyOf(err, p.again(cmd)).Within(has(cmd))
			for _, flag := range explain.Flags(r.Say) {
				if cmd.Flag(flag) == nil {
					t.Errorf("%s: %T: it has no --%s: %s", cmd.CommandPath(), err, flag, r.Say)
				}
			}
			if wrong := impossible(r.Next); wrong != "" {
				t.Errorf("%s: %T: next: %s", cmd.CommandPath(), err, wrong)
			}
			if strings.HasSuffix(r.Say, ";") || strings.HasPrefix(r.Say, "or ") {
				t.Errorf("%s: %T: %s", cmd.CommandPath(), err, r.Say)
			}
		}
	}
}

// import has no --no-manifest-checksum, run has.
func TestHintOfAMissingChecksum(t *testing.T) {
	for _, cmd := range commandsOf(newRoot(process{})) {
		named := strings.Contains(explain.RemedyOf(inventory.ErrNoChecksum, nil).Within(has(cmd)).Say, "--no-manifest-checksum")
		if has := cmd.Flag("no-manifest-checksum") != nil; named != has {
			t.Errorf("%s: --no-manifest-checksum is hinted: %v, is a flag: %v", cmd.CommandPath(), named, has)
		}
	}
}
