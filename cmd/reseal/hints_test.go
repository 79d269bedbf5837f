package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/engine"
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
		&outfile.FolderError{Folder: "nope"}, &outfile.PartError{}, &job.NameError{Name: "s3://b"}, &job.FullFolderError{Folder: "f"}, &job.NoJobError{Name: "j"}, &job.NotJobError{Name: "j"},
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

// A hint names no flag that the command has not which failed, and its next command is
// one that there is.
func TestHintsCanBeFollowed(t *testing.T) {
	for _, err := range hinted() {
		if remedyOf(err, nil) == (remedy{}) {
			t.Errorf("%T: no hint", err)
		}
		for _, cmd := range commandsOf(newRoot(process{})) {
			p := process{args: strings.Fields(strings.TrimPrefix(cmd.CommandPath(), "reseal "))}
			r := remedyOf(err, p.again(cmd)).within(cmd)
			for _, m := range flagNamed.FindAllStringSubmatch(r.say, -1) {
				if cmd.Flag(m[1]) == nil {
					t.Errorf("%s: %T: it has no --%s: %s", cmd.CommandPath(), err, m[1], r.say)
				}
			}
			if wrong := impossible(r.next); wrong != "" {
				t.Errorf("%s: %T: next: %s", cmd.CommandPath(), err, wrong)
			}
			if strings.HasSuffix(r.say, ";") || strings.HasPrefix(r.say, "or ") {
				t.Errorf("%s: %T: %s", cmd.CommandPath(), err, r.say)
			}
		}
	}
}

// import has no --no-manifest-checksum, run has.
func TestHintOfAMissingChecksum(t *testing.T) {
	for _, cmd := range commandsOf(newRoot(process{})) {
		named := strings.Contains(remedyOf(inventory.ErrNoChecksum, nil).within(cmd).say, "--no-manifest-checksum")
		if has := cmd.Flag("no-manifest-checksum") != nil; named != has {
			t.Errorf("%s: --no-manifest-checksum is hinted: %v, is a flag: %v", cmd.CommandPath(), named, has)
		}
	}
}

// What is looked up by an answer goes from the first line to one of its own.
func TestReferencesHaveALineOfTheirOwn(t *testing.T) {
	for text, want := range map[string][2]string{
		"CopyObject s3://b/\"k\": AccessDenied (403, request id R1): no":   {"CopyObject s3://b/\"k\": AccessDenied: no", "AccessDenied (403, request id R1)"},
		"bucket b does not exist (404 NotFound, request id 16Q4)":          {"bucket b does not exist", "404 NotFound, request id 16Q4"},
		"KMS.NotFoundException (400, request id R2): Invalid keyId":        {"KMS.NotFoundException: Invalid keyId", "KMS.NotFoundException (400, request id R2)"},
		"bucket b does not exist (404 NotFound)":                           {"bucket b does not exist", "404 NotFound"},
		"30 objects (12 done): nothing of that is an answer, nor (4 days)": {"30 objects (12 done): nothing of that is an answer, nor (4 days)", ""},
	} {
		rest, refs := withoutReferences(text)
		if rest != want[0] || strings.Join(refs, "|") != want[1] {
			t.Errorf("%q: %q, %q; want %q", text, rest, refs, want)
		}
	}
}
