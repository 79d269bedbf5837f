package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"reseal/batchops"
	"reseal/certify"
	"reseal/checkpoint"
	"reseal/console"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/outfile"
	"reseal/internal/shell"
	"reseal/internal/smallfile"
	"reseal/inventory"
	"reseal/job"
	"reseal/job/known"
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
	return errors.As(err, &live) || errors.As(err, new(*job.MadeError)) || errors.As(err, new(*job.VersionError)) || errors.As(err, new(*known.DifferentError)) || errors.As(err, new(*known.FileError)) || errors.As(err, new(*checkpoint.UntrustedError)) || errors.As(err, &mismatch) || errors.As(err, &locked) || errors.As(err, &state) || errors.As(err, &lost) || errors.As(err, &conflict)
}

// isStop tells whether a limit of the user's ended the run.
func isStop(err error) bool {
	var stop *engine.StopError
	return errors.As(err, &stop)
}

// hint is what to do about err, on one line; "" where nothing helps.
func hint(err error) string { return remedyOf(err, nil).String() }

// remedyOf returns what to do about err. All hints live here and in setupRemedy. again
// is the command line with another value of a flag, nil where there is none.
func remedyOf(err error, again func(flag, value string) string) remedy {
	var (
		setup  *s3api.SetupError
		object *engine.ObjectError
	)
	var hazards *hazardsError
	switch r, ok := ofPlace(err, again); {
	case ok:
		return r
	case errors.As(err, &hazards):
		return remedy{next: hazards.next}
	case errors.As(err, &object) && object.Reason == plan.SelfCopy:
		return remedy{say: "the endpoint does not copy an object onto itself to change its encryption; in parts it may: --copy-via multipart, in a new job"}
	case errors.As(err, &object) && object.Class == engine.Denied:
		return denied(object.Bucket)
	case errors.As(err, &object) && s3api.RegionOf(err) != "":
		return inRegion(s3api.RegionOf(err), again)
	}
	if r, ok := ofJob(err); ok {
		return r
	}
	if r, ok := ofReport(err); ok {
		return r
	}
	if errors.As(err, &setup) {
		r := setupRemedy(setup, again)
		if r == (remedy{}) {
			r = fileRemedy(err)
		}
		return r
	}
	if object != nil {
		return setupRemedy(&s3api.SetupError{Kind: s3api.KindOf(err), Subject: object.KMSKey, Err: err}, again)
	}
	return setupRemedy(&s3api.SetupError{Kind: s3api.KindOf(err), Err: err}, again)
}

// ofPlace is what to do about where something is to be written.
func ofPlace(err error, again func(flag, value string) string) (remedy, bool) {
	var (
		name    *job.NameError
		full    *job.FullFolderError
		folder  *outfile.FolderError
		target  *outfile.TargetError
		part    *outfile.PartError
		place   *job.UnwritableError
		setup   *s3api.SetupError
		planted *checkpoint.UntrustedError
	)
	switch {
	case errors.As(err, &planted):
		return remedy{say: planted.Help}, true
	case errors.As(err, &folder):
		return remedy{"make it, then run the same command again", "mkdir -p " + shell.Word(asPath(folder.Folder))}, true
	case errors.As(err, &target):
		return remedy{"name another file; look at what is there", "ls -ld " + shell.Word(asPath(target.Name))}, true
	case errors.As(err, &part):
		return remedy{say: "throw away what it got, and write to a file instead: that appears as a whole or not at all"}, true
	case errors.As(err, &name) && strings.HasPrefix(name.Name, "s3://") && strings.Trim(name.Name[5:], "/") != "":
		bucket := strings.TrimRight(name.Name, "/") + "/"
		return remedy{"a job in a bucket has a prefix of its own, such as " + bucket + "reseal-job; see which jobs there are", "reseal jobs " + shell.Word(bucket)}, true
	case errors.As(err, &full):
		r := remedy{say: "a job has a folder of its own"}
		if again != nil {
			r.next = again("job", strings.TrimRight(full.Folder, "/")+"/job")
		}
		return r, true
	case errors.As(err, &place) && s3api.KindOf(err) == s3api.AccessDenied:
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place.Job, "s3://"), "/")
		return remedy{say: fmt.Sprintf("allow s3:GetObject and s3:PutObject on arn:aws:s3:::%s/%s/* (s3:ListBucket on the bucket), or keep the job elsewhere: --job ./job, or another prefix; "+
			"reseal permissions with the same --job prints the policy", bucket, strings.Trim(prefix, "/"))}, true
	case errors.As(err, &setup) && setup.Expected != "":
		return remedy{say: fmt.Sprintf("if the bucket belongs to another account than %s, name it; --job-bucket-owner is for the bucket of the job; --out-bucket-owner is for the bucket of a report; else a permission is missing, or a policy denies it: "+
			"reseal permissions prints the smallest policies for a run", setup.Expected)}, true
	case errors.Is(err, syscall.EFBIG):
		return remedy{say: "files may not grow beyond a limit (ulimit -f): raise it, then run the same command again; everything recorded so far is kept"}, true
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return remedy{"make room, then run the same command again; everything recorded so far is kept", "df -h ."}, true
	}
	return remedy{}, false
}

// ofJob is what to do about a job that cannot be opened, or not by this process.
func ofJob(err error) (remedy, bool) {
	var (
		mismatch *checkpoint.MismatchError
		locked   *checkpoint.LockedError
		made     *job.MadeError
		changed  *known.DifferentError
		doubtful *known.FileError
		key      *certify.KeyError
	)
	switch {
	case errors.As(err, &changed):
		return remedy{"ask who can write in it, and who did; where it is right, as somebody made a new job there, \"" + console.OnJob("forget", changed.Name) + "\" has this machine take it as it is now; look at it first",
			console.OnJob("status", changed.Name)}, true
	case errors.As(err, &doubtful):
		return ofKnownFile(doubtful), true
	case errors.As(err, &mismatch) && slices.ContainsFunc(mismatch.Differences, func(d checkpoint.Difference) bool { return d.Name == "--exclude-prefix" }):
		return remedy{say: "go on with the prefixes that the job was made with: one that is denied holds up nothing, it is put off and reported, and the rest is done"}, true
	case errors.As(err, &mismatch):
		return remedy{say: "a job keeps the options it was made with; use them again, or another folder for another job"}, true
	case errors.As(err, &made):
		return remedy{"look at it; the same command waits for nobody, and goes on with it once it is free", console.OnJob("status", made.Job)}, true
	case errors.As(err, &locked):
		return remedy{"wait for it, or watch it", console.OnJob("status", locked.Job) + " --watch"}, true
	case errors.As(err, new(*checkpoint.ConflictError)):
		return remedy{say: "another process has taken the job over and goes on with it; nothing is lost: what this one recorded counts, and the other recognises what it copied since; reseal status shows who has it"}, true
	case errors.Is(err, control.ErrNotRunning):
		return remedy{say: "reseal status shows how far it is, and the same reseal run goes on with it"}, true
	case errors.As(err, new(*batchops.SelectionError)):
		return remedy{say: "let reseal run do this job; S3 Batch Operations can do another one, made without these filters"}, true
	case errors.As(err, &key) && key.Locked:
		return remedy{say: "leave out --sign-ssh-key, and sign what is written afterwards, which also takes the key of an agent: ssh-keygen -Y sign -f " + shell.Word(asPath(key.File)) + " -n " + certify.Namespace + " FOLDER/SHA256SUMS"}, true
	case errors.As(err, &key):
		return remedy{say: "name the private half of a key, in a file that ssh-keygen made: ssh-keygen -t ed25519 -f FILE makes one; a key in hardware signs what is written afterwards, with ssh-keygen -Y sign"}, true
	case errors.As(err, new(*certify.ChangedError)):
		return remedy{say: "let the run end, verify the job again, then certify it"}, true
	case errors.As(err, new(*job.NoJobError)), errors.As(err, new(*job.NotJobError)):
		return remedy{"see which jobs there are", "reseal jobs"}, true
	}
	return remedy{}, false
}

// ofKnownFile is what to do about a file of known jobs that cannot be believed. Each
// command mends what was found.
func ofKnownFile(e *known.FileError) remedy {
	file := shell.Word(asPath(e.Path))
	switch e.Kind {
	case known.Writable:
		return remedy{"see that nothing in it is foreign (less " + file + "), then take that right from all others", "chmod o-w " + file}
	case known.Unreadable:
		return remedy{"make it readable, if it is yours; --known-jobs FILE names another one", "chmod u+r " + file}
	}
	return remedy{"see who wrote it (ls -l " + file + "), then move it away; jobs are written down anew, as they are then; --known-jobs FILE names another one",
		"mv " + file + " " + shell.Word(asPath(e.Path+".unreliable"))}
}

// ofReport is what to do about a report that cannot be used.
func ofReport(err error) (remedy, bool) {
	switch {
	case errors.Is(err, inventory.ErrNoChecksum), errors.As(err, new(*inventory.ChecksumError)):
		return remedy{say: "the report may not be delivered completely yet: take an older one; or go on at your own risk with --no-manifest-checksum"}, true
	case errors.As(err, new(*inventory.FormatError)):
		return remedy{say: "reseal reads CSV, ORC and Parquet reports"}, true
	case errors.Is(err, inventory.ErrNoReport):
		r := remedy{say: "the first report comes up to 48 hours after it was set up; reseal inventory snapshot makes one at once; see what is there"}
		if none := new(inventory.NoReportError); errors.As(err, &none) && none.Below != "" {
			r.next = "reseal inventory ls " + shell.Word(asPath(none.Below))
		}
		return r, true
	case errors.Is(err, inventory.ErrNotManifest):
		return remedy{"a report is named by its manifest.json, or by the folder of reports; a list of bucket,key lines will do, too", "reseal inventory --help"}, true
	}
	return remedy{}, false
}

// setupRemedy is what to do about a problem with endpoint, credentials, bucket or key.
func setupRemedy(e *s3api.SetupError, again func(flag, value string) string) remedy {
	const alike = "aws sts get-caller-identity"
	switch e.Kind {
	case s3api.BadConfig:
		return remedy{"check AWS_PROFILE, AWS_REGION and the files in ~/.aws; or name a profile with --profile, a Region with --region", "aws configure list-profiles"}
	case s3api.NoCredentials:
		return remedy{"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or name a profile with --profile; then check who that is", alike}
	case s3api.BadCredential:
		return remedy{"check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_PROFILE, then ask who they are", alike}
	case s3api.Clock:
		return remedy{"set this machine's clock, then run the same command again", "timedatectl"}
	case s3api.OpenFiles:
		return remedy{"allow this process more open files, then run the same command again", "ulimit -n 4096"}
	case s3api.NoBucket:
		return remedy{"check the bucket's name; these are the account's", "aws s3 ls"}
	case s3api.AccessDenied:
		if e.Op == "HeadBucket" { // which a preflight of it begins with
			return remedy{"a permission is missing, or a policy denies it; docs/permissions.md lists what each command needs; see who the caller is", alike}
		}
		return denied(bucketNamed(e))
	case s3api.WrongRegion:
		return inRegion(e.Region, again)
	}
	if r := keyRemedy(e); r != (remedy{}) {
		return r
	}
	if r := endpointRemedy(e, again); r != (remedy{}) {
		return r
	}
	return fileRemedy(e.Err)
}

// fileRemedy is what to do about a file, a folder or an object that cannot be used.
func fileRemedy(err error) remedy {
	var path *fs.PathError
	var small *smallfile.Error
	look := ""
	if errors.As(err, &path) {
		look = "ls -ld " + shell.Word(asPath(path.Path))
	}
	if errors.As(err, &small) {
		return remedy{"look at what it is, or name another", "ls -ld " + shell.Word(asPath(small.Name))}
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return remedy{"check who owns it, and its mode", look}
	case errors.Is(err, fs.ErrNotExist):
		r := remedy{say: "check the name, then run the same command again"}
		var setup *s3api.SetupError
		switch {
		case path != nil:
			r.next = "ls -la " + shell.Word(asPath(filepath.Dir(path.Path)))
		case errors.As(err, &setup) && strings.HasPrefix(setup.Subject, "s3://"):
			r.next = "aws s3 ls " + shell.Word(setup.Subject[:strings.LastIndexByte(setup.Subject, '/')+1])
		}
		return r
	case errors.Is(err, syscall.EPIPE):
		return remedy{say: "what was to read the output has ended: run the same command again with another reader, or none"}
	case path != nil:
		return remedy{"look at what it is, or name another", look}
	}
	return remedy{}
}

// keyRemedy is what to do about a key.
func keyRemedy(e *s3api.SetupError) remedy {
	key := "--key-id " + shell.Word(cmp.Or(e.Subject, "KEY"))
	in := ""
	if region := s3api.KeyOfARN(e.Subject).Region; region != "" {
		in = " --region " + shell.Word(region)
	}
	switch e.Kind {
	case s3api.KeyUnknown:
		return remedy{"check the key's ARN, Region and account; this lists the keys that have an alias", "aws kms list-aliases" + in}
	case s3api.KeyDisabled:
		return remedy{"enable it, then run the same command again", "aws kms enable-key " + key + in}
	case s3api.KeyDeleted:
		return remedy{"objects under a key that is deleted are lost; take back its deletion and enable it, then run the same command again",
			"aws kms cancel-key-deletion " + key + in + " && aws kms enable-key " + key + in}
	case s3api.KeyUnavailable:
		return remedy{"S3 can only use a key in state Enabled; look at it", "aws kms describe-key " + key + in}
	case s3api.KeyUsage:
		return remedy{"S3 needs a symmetric encryption key (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT); this lists the keys that have an alias", "aws kms list-aliases" + in}
	case s3api.KeyRegion:
		return remedy{"the bucket stays in its Region: name a key that is there; this lists the keys that have an alias", "aws kms list-aliases --region " + shell.Word(cmp.Or(e.Region, "REGION"))}
	}
	return remedy{}
}

// endpointRemedy is what to do where the service was not reached.
func endpointRemedy(e *s3api.SetupError, again func(flag, value string) string) remedy {
	endpoint := s3api.EndpointOf(e.Err)
	look := ""
	if endpoint != "" {
		look = "curl -sSI " + shell.Word(endpoint)
	}
	host := strings.TrimPrefix(endpoint, "https://")
	switch e.Kind {
	case s3api.BadBundle:
		return remedy{"name a readable file of certificates in PEM with --ca-bundle or AWS_CA_BUNDLE; without both, this machine's own authorities hold",
			"ls -ld " + shell.Word(asPath(e.Subject))}
	case s3api.BadEndpoint:
		if strings.Contains(e.Subject, "://") || again == nil {
			return remedy{say: "an endpoint looks like https://s3.example.com:9000"}
		}
		return remedy{"an endpoint begins with https://, or on this machine with http://", again("endpoint-url", "https://"+e.Subject)}
	case s3api.PlainHTTP:
		r := remedy{say: "use https://; or, on a network that you trust, --allow-http"}
		if again != nil {
			r.next = again("endpoint-url", "https://"+strings.TrimPrefix(e.Subject, "http://"))
		}
		return r
	case s3api.Unreachable:
		return remedy{"check the endpoint and the Region, and the way there: routes, firewall, VPC endpoint, HTTPS_PROXY; where it is only down for a while, run the same command again", look}
	case s3api.UnknownHost:
		return remedy{"check the name of the endpoint, the Region, and this machine's DNS; see what it resolves to", "getent hosts " + shell.Word(cmp.Or(s3api.UnknownNameOf(e.Err), "NAME"))}
	case s3api.Proxy:
		return remedy{"check HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), and that it lets S3 through; NO_PROXY=HOST goes past it", "env | grep -i proxy"}
	case s3api.Middlebox:
		return remedy{"something between this machine and S3 answers in its place: a proxy, firewall or login page; or the endpoint wants https://; look at what it says", look}
	case s3api.NotTLS:
		return remedy{"where the endpoint has no TLS, its address begins with http://; else check HTTPS_PROXY", "env | grep -i proxy"}
	case s3api.OldTLS:
		return remedy{"have the endpoint speak TLS 1.2 or later, as AWS does; see what it speaks", "openssl s_client -connect " + shell.Word(cmp.Or(host, "HOST:PORT")) + " -tls1_2"}
	case s3api.Certificate:
		return remedy{"trust the endpoint's certificate authority with --ca-bundle; where the name or the date is wrong, check the endpoint, this machine's clock (timedatectl), and who opens TLS in between", look}
	}
	return remedy{}
}

// denied is what to do where access to a bucket was denied.
func denied(bucket string) remedy {
	r := remedy{say: "a permission is missing, or a policy denies it; reseal preflight names the statement of a bucket policy that does; reseal permissions prints the smallest policies for a run; " +
		"docs/permissions.md lists what each command needs"}
	if r.next = "aws sts get-caller-identity"; bucket != "" {
		r.next = "reseal preflight --bucket " + shell.Word(bucket)
	}
	return r
}

// inRegion is what to do where a bucket is in another Region, "" where that is not known.
func inRegion(region string, again func(flag, value string) string) remedy {
	switch {
	case region == "":
		return remedy{say: "name its Region with --region"}
	case again == nil:
		return remedy{say: fmt.Sprintf("it is in %[1]s: --region %[1]s", region)}
	}
	return remedy{"it is in " + region, again("region", region)}
}

// bucketNamed is the bucket that a refused request was about, "" where it was none.
func bucketNamed(e *s3api.SetupError) string {
	if strings.HasPrefix(e.Subject, "s3://") || strings.HasSuffix(e.Op, "Bucket") || strings.HasPrefix(e.Op, "GetBucket") {
		return bucketOf(e.Subject)
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
