package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"reseal/checkpoint"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/outfile"
	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/s3api"
)

// isMismatch tells whether err says that the job cannot be touched by this
// command: made for something else, unbelievable, or held by another process.
func isMismatch(err error) bool {
	var (
		mismatch *checkpoint.MismatchError
		locked   *checkpoint.LockedError
		state    *checkpoint.StateError
		lost     *checkpoint.LostError
		conflict *checkpoint.ConflictError
	)
	var live *control.InUseError
	return errors.As(err, &live) || errors.As(err, new(*job.MadeError)) || errors.As(err, new(*checkpoint.UntrustedError)) || errors.As(err, &mismatch) || errors.As(err, &locked) || errors.As(err, &state) || errors.As(err, &lost) || errors.As(err, &conflict)
}

// isStop tells whether a limit of the user's ended the run.
func isStop(err error) bool {
	var stop *engine.StopError
	return errors.As(err, &stop)
}

// setupHints say what helps against each kind of problem with endpoint,
// credentials, bucket or key.
var setupHints = map[s3api.SetupKind]string{
	s3api.BadConfig:      "check AWS_PROFILE, --profile and the files in ~/.aws",
	s3api.BadBundle:      "name a readable file of certificates in PEM with --ca-bundle FILE or AWS_CA_BUNDLE; without both, this machine's own authorities hold",
	s3api.BadEndpoint:    "an endpoint looks like https://s3.example.com:9000",
	s3api.PlainHTTP:      "use https://, or --allow-http on a network that you trust",
	s3api.NoCredentials:  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile; check with: aws sts get-caller-identity",
	s3api.BadCredential:  "the credentials were refused; check with: aws sts get-caller-identity",
	s3api.Clock:          "set this machine's clock, then run the same command again; check with: timedatectl",
	s3api.Unreachable:    "nothing answers there; check --endpoint-url and --region, and the way there: routes, firewall, VPC endpoint, HTTPS_PROXY; where it is only down for a while, run the same command again",
	s3api.UnknownHost:    "check the name in --endpoint-url, --region, and this machine's DNS; see what it resolves to with: getent hosts NAME",
	s3api.Proxy:          "check HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), and that it lets S3 through; NO_PROXY=HOST goes past it: env | grep -i proxy",
	s3api.Middlebox:      "something between this machine and S3 answers in its place: a proxy, firewall or login page; look at what it says: curl -sSI ENDPOINT",
	s3api.NotTLS:         "use http:// and --allow-http where the endpoint has no TLS, and check HTTPS_PROXY: env | grep -i proxy",
	s3api.OldTLS:         "have the endpoint speak TLS 1.2 or later, as AWS does; see what it speaks: openssl s_client -connect HOST:PORT -tls1_2",
	s3api.OpenFiles:      "allow this process more open files, then run the same command again: ulimit -n 4096",
	s3api.Certificate:    "trust the endpoint's certificate authority with --ca-bundle FILE; where the name or the date is wrong, check --endpoint-url, this machine's clock (timedatectl), and who opens TLS in between",
	s3api.NoBucket:       "check the bucket's name and --region",
	s3api.AccessDenied:   "a permission is missing, or a policy denies it: reseal preflight names the statement of a bucket policy that does, reseal permissions prints the smallest policies for a run, docs/permissions.md lists what each command needs",
	s3api.KeyUnknown:     "check the key's ARN, Region and account: aws kms describe-key --key-id KEY",
	s3api.KeyDisabled:    "enable it, then run the same command again: aws kms enable-key --key-id KEY",
	s3api.KeyDeleted:     "objects under a key that is deleted are lost; cancel first: aws kms cancel-key-deletion --key-id KEY",
	s3api.KeyUnavailable: "S3 can only use a key in state Enabled: aws kms describe-key --key-id KEY",
	s3api.KeyUsage:       "S3 needs a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)",
}

// hint returns what to do about err, "" where nothing helps. All hints live here.
func hint(err error) string {
	var (
		setup    *s3api.SetupError
		mismatch *checkpoint.MismatchError
		locked   *checkpoint.LockedError
		conflict *checkpoint.ConflictError
		checksum *inventory.ChecksumError
		format   *inventory.FormatError
		object   *engine.ObjectError
	)
	var (
		place *job.UnwritableError
		made  *job.MadeError
	)
	var (
		folder  *outfile.FolderError
		part    *outfile.PartError
		planted *checkpoint.UntrustedError
	)
	switch {
	case errors.As(err, &planted):
		return planted.Help
	case errors.As(err, &folder):
		return "make it, then run the same command again: mkdir -p " + shell.Word(asPath(folder.Folder))
	case errors.As(err, &part):
		return "throw away what it got, and write to a file instead: that appears as a whole or not at all"
	case errors.As(err, &place) && s3api.KindOf(err) == s3api.AccessDenied:
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place.Job, "s3://"), "/")
		return fmt.Sprintf("allow s3:GetObject and s3:PutObject on arn:aws:s3:::%s/%s/* (s3:ListBucket on the bucket), or keep the job elsewhere: --job ./job, or another prefix; "+
			"reseal permissions with the same --job prints the policy", bucket, strings.Trim(prefix, "/"))
	case errors.As(err, &object) && object.Reason == plan.SelfCopy:
		return "the endpoint does not copy an object onto itself to change its encryption; in parts it may: --copy-via multipart, in a new job"
	case errors.As(err, &object) && object.Class == engine.Denied:
		return fmt.Sprintf("a permission is missing, or a policy denies it: reseal preflight --bucket %s --sse-kms-key-id KEY names the statement of a bucket policy that does, "+
			"reseal permissions prints the smallest policies for a run", object.Bucket)
	case errors.As(err, &setup) && setup.Kind == s3api.KeyRegion:
		return "the bucket stays in its Region, and --region does not change that: name a key that is there; see which there are: aws kms list-aliases --region " + cmp.Or(setup.Region, "REGION")
	case errors.As(err, &setup) && setup.Kind == s3api.WrongRegion:
		if setup.Region != "" {
			return fmt.Sprintf("it is in %s: --region %s", setup.Region, setup.Region)
		}
		return "name its Region with --region"
	case errors.As(err, &object) && s3api.RegionOf(err) != "":
		return fmt.Sprintf("it is in %[1]s: --region %[1]s", s3api.RegionOf(err))
	case errors.As(err, &setup) && setup.Expected != "":
		return fmt.Sprintf("if the bucket belongs to another account than %s, name that with --job-bucket-owner (inventory snapshot: --out-bucket-owner); else %s", setup.Expected, setupHints[s3api.AccessDenied])
	case errors.As(err, &mismatch) && slices.ContainsFunc(mismatch.Differences, func(d checkpoint.Difference) bool { return d.Name == "--exclude-prefix" }):
		return "go on with the prefixes that the job was made with: one that is denied holds up nothing, it is put off and reported, and the rest is done"
	case errors.As(err, &mismatch):
		return "a job keeps the options it was made with; use them again, or another --job folder for another job"
	case errors.As(err, &made):
		return "look at it: " + onJob("status", made.Job) + "; the same command waits for nobody, and goes on with it once it is free"
	case errors.As(err, &locked):
		return "wait for it, or watch it: " + onJob("status", locked.Job) + " --watch"
	case errors.As(err, &conflict):
		return "another process has taken the job over and goes on with it; nothing is lost: what this one recorded counts, and the other recognises what it copied since. See who has it: reseal status JOB"
	case errors.Is(err, inventory.ErrNoChecksum), errors.As(err, &checksum):
		return "the report may not be delivered completely yet; take an older one, or go on at your own risk with --no-manifest-checksum"
	case errors.As(err, &format):
		return "reseal reads CSV, ORC and Parquet reports"
	case errors.Is(err, inventory.ErrNoReport):
		return "reseal inventory ls LOCATION shows what is there; the first report comes up to 48 hours after it was set up, reseal inventory snapshot makes one at once"
	case errors.Is(err, inventory.ErrNotManifest):
		return "--manifest wants the manifest.json of an inventory report, the folder of reports, or a list of bucket,key lines"
	case errors.Is(err, control.ErrNotRunning):
		return "reseal status shows how far it is, and the same reseal run goes on with it"
	case errors.Is(err, syscall.EFBIG):
		return "files may not grow beyond a limit (ulimit -f): raise it, then run the same command again; everything recorded so far is kept"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room, then run the same command again: everything recorded so far is kept"
	}
	if h := setupHints[s3api.KindOf(err)]; h != "" {
		return h
	}
	if errors.Is(err, fs.ErrPermission) {
		return "check who owns the folder, and its mode"
	}
	return ""
}

// asPath is a path that no command takes for an option.
func asPath(path string) string {
	if strings.HasPrefix(path, "-") {
		return "./" + path
	}
	return path
}
