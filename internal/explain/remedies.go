package explain

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"reseal/batchops"
	"reseal/certify"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/outfile"
	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/job"
	"reseal/job/known"
	"reseal/plan"
	"reseal/s3api"
)

// Hint is what to do about err, on one line; "" where nothing helps.
func Hint(err error) string { return RemedyOf(err, nil).String() }

// RemedyOf returns what to do about err. All hints live here and in setupRemedy, but for
// those of errors that know the next command themselves, by a method Next. again is the
// command line with another value of a flag, nil where there is none.
func RemedyOf(err error, again func(flag, value string) string) Remedy {
	var (
		setup  *s3api.SetupError
		object *engine.ObjectError
	)
	var knows interface{ Next() string }
	switch r, ok := ofPlace(err, again); {
	case ok:
		return r
	case looksLikeResult(err):
		r := Remedy{Say: "a report is named by its manifest.json or its folder; where this is the result of a query, name its columns: --columns auto takes them by their names"}
		if again != nil {
			r.Next = again("columns", inventory.AutoColumns)
		}
		return r
	case errors.As(err, &knows):
		return Remedy{Next: knows.Next()}
	case errors.As(err, &object) && object.Reason == plan.SelfCopy:
		return Remedy{Say: "the endpoint does not copy an object onto itself to change its encryption; in parts it may: --copy-via multipart, in a new job"}
	case errors.As(err, &object) && object.Reason == plan.KeySpelling:
		return Remedy{Say: "make a new job, with --columns that name the keys encoded_key where they are URL-encoded, and key where they are not"}
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
		if r == (Remedy{}) {
			r = fileRemedy(err)
		}
		return r
	}
	if object != nil {
		return setupRemedy(&s3api.SetupError{Kind: s3api.KindOf(err), Subject: object.KMSKey, Err: err}, again)
	}
	return setupRemedy(&s3api.SetupError{Kind: s3api.KindOf(err), Err: err}, again)
}

// looksLikeResult tells whether what was named may be the result of a query. Files with
// rows lie in any bucket, and are more likely data there.
func looksLikeResult(err error) bool {
	var none *inventory.NoReportError
	return errors.As(err, new(*inventory.ResultLikeError)) || errors.As(err, &none) && none.Results && !strings.HasPrefix(none.Below, "s3://")
}

// ofPlace is what to do about where something is to be written.
func ofPlace(err error, again func(flag, value string) string) (Remedy, bool) {
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
		return Remedy{Say: planted.Help}, true
	case errors.As(err, &folder):
		return Remedy{"make it, then run the same command again", "mkdir -p " + shell.Path(folder.Folder)}, true
	case errors.As(err, &target):
		return Remedy{"name another file; look at what is there", "ls -ld " + shell.Path(target.Name)}, true
	case errors.As(err, &part):
		return Remedy{Say: "throw away what it got, and write to a file instead: that appears as a whole or not at all"}, true
	case errors.As(err, &name) && strings.HasPrefix(name.Name, "s3://") && strings.Trim(name.Name[5:], "/") != "":
		bucket := strings.TrimRight(name.Name, "/") + "/"
		return Remedy{"a job in a bucket has a prefix of its own, such as " + bucket + "reseal-job; see which jobs there are", "reseal jobs " + shell.Word(bucket)}, true
	case errors.As(err, &full):
		r := Remedy{Say: "a job has a folder of its own"}
		if again != nil {
			r.Next = again("job", strings.TrimRight(full.Folder, "/")+"/job")
		}
		return r, true
	case errors.As(err, &place) && s3api.KindOf(err) == s3api.AccessDenied:
		bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place.Job, "s3://"), "/")
		return Remedy{Say: fmt.Sprintf("allow s3:GetObject and s3:PutObject on arn:aws:s3:::%s/%s/* (s3:ListBucket on the bucket), or keep the job elsewhere: --job ./job, or another prefix; "+
			"reseal permissions with the same --job prints the policy", bucket, strings.Trim(prefix, "/"))}, true
	case errors.As(err, &setup) && setup.Expected != "":
		return Remedy{Say: fmt.Sprintf("if the bucket belongs to another account than %s, name it; --job-bucket-owner is for the bucket of the job; --out-bucket-owner is for the bucket of a report; else a permission is missing, or a policy denies it: "+
			"reseal permissions prints the smallest policies for a run", setup.Expected)}, true
	case errors.Is(err, syscall.EFBIG):
		return Remedy{Say: "files may not grow beyond a limit (ulimit -f): raise it, then run the same command again; everything recorded so far is kept"}, true
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Remedy{"make room, then run the same command again; everything recorded so far is kept", "df -h ."}, true
	}
	return Remedy{}, false
}

// ofJob is what to do about a job that cannot be opened, or not by this process.
func ofJob(err error) (Remedy, bool) {
	var (
		mismatch *checkpoint.MismatchError
		locked   *checkpoint.LockedError
		made     *job.MadeError
		changed  *known.DifferentError
		doubtful *known.FileError
		key      *certify.KeyError
		later    *job.GenerationError
		campaign *job.CampaignError
	)
	switch {
	case errors.As(err, &changed):
		return Remedy{"ask who can write in it, and who did; where it is right, as somebody made a new job there, \"" + OnJob("forget", changed.Name) + "\" has this machine take it as it is now; look at it first",
			OnJob("status", changed.Name)}, true
	case errors.As(err, &doubtful):
		return ofKnownFile(doubtful), true
	case errors.As(err, &mismatch) && slices.ContainsFunc(mismatch.Differences, func(d checkpoint.Difference) bool { return d.Name == "--exclude-prefix" }):
		return Remedy{Say: "go on with the prefixes that the job was made with: one that is denied holds up nothing, it is put off and reported, and the rest is done"}, true
	case errors.As(err, &mismatch) && slices.ContainsFunc(mismatch.Differences, func(d checkpoint.Difference) bool { return d.Name == "manifest MD5" }):
		return Remedy{Say: "the report, or the result of a query, is not the one that the job was made from: put it back as it was, or make another job in another folder"}, true
	case errors.As(err, &mismatch):
		return Remedy{Say: "a job keeps the options it was made with; use them again, or another folder for another job"}, true
	case errors.As(err, &made):
		return Remedy{"look at it; the same command waits for nobody, and goes on with it once it is free", OnJob("status", made.Job)}, true
	case errors.As(err, &locked) && locked.Holder.Command == "reseal campaign":
		return Remedy{"wait for it, or see how far it is", OnJob("status", locked.Job)}, true
	case errors.As(err, &locked):
		return Remedy{"wait for it, or watch it", OnJob("status", locked.Job) + " --watch"}, true
	case errors.As(err, new(*checkpoint.ConflictError)):
		return Remedy{Say: "another process has taken the job over and goes on with it; nothing is lost: what this one recorded counts, and the other recognises what it copied since; reseal status shows who has it"}, true
	case errors.As(err, &campaign):
		return Remedy{"see the jobs of its buckets", OnJob("status", campaign.Name)}, true
	case errors.As(err, &later) && job.WholeOf(later.Name) != "":
		return Remedy{"run the job that it belongs to, which goes on with it", UntilClean(job.WholeOf(later.Name))}, true
	case errors.Is(err, control.ErrNotRunning):
		return Remedy{Say: "reseal status shows how far it is, and the same reseal run goes on with it"}, true
	case errors.As(err, new(*batchops.SelectionError)):
		return Remedy{Say: "let reseal run do this job; S3 Batch Operations can do another one, made without these filters"}, true
	case errors.As(err, &key) && key.Locked:
		return Remedy{Say: "leave out --sign-ssh-key, and sign what is written afterwards, which also takes the key of an agent: ssh-keygen -Y sign -f " + shell.Path(key.File) + " -n " + certify.Namespace + " FOLDER/SHA256SUMS"}, true
	case errors.As(err, &key):
		return Remedy{Say: "name the private half of a key, in a file that ssh-keygen made: ssh-keygen -t ed25519 -f FILE makes one; a key in hardware signs what is written afterwards, with ssh-keygen -Y sign"}, true
	case errors.As(err, new(*certify.ChangedError)):
		return Remedy{Say: "let the run end, verify the job again, then certify it"}, true
	case errors.As(err, new(*job.NoJobError)), errors.As(err, new(*job.NotJobError)):
		return Remedy{"see which jobs there are", "reseal jobs"}, true
	}
	return Remedy{}, false
}

// ofKnownFile is what to do about a file of known jobs that cannot be believed. Each
// command mends what was found.
func ofKnownFile(e *known.FileError) Remedy {
	file := shell.Path(e.Path)
	switch e.Kind {
	case known.Writable:
		return Remedy{"see that nothing in it is foreign (less " + file + "), then take that right from all others", "chmod o-w " + file}
	case known.Unreadable:
		return Remedy{"make it readable, if it is yours; --known-jobs FILE names another one", "chmod u+r " + file}
	}
	return Remedy{"see who wrote it (ls -l " + file + "), then move it away; jobs are written down anew, as they are then; --known-jobs FILE names another one",
		"mv " + file + " " + shell.Path(e.Path+".unreliable")}
}

// ofReport is what to do about a report that cannot be used.
func ofReport(err error) (Remedy, bool) {
	if table := new(inventory.TableError); errors.As(err, &table) && errors.Is(err, fs.ErrNotExist) {
		return Remedy{Say: "a table removes the metadata and files of old snapshots. Nothing is lost: what a job did stays done. Begin a new job with the table as it is now, " +
			"--manifest s3tables://BUCKET/NAMESPACE/TABLE or its newest metadata.json; it leaves alone what is under the key already"}, true
	}
	switch {
	case errors.Is(err, inventory.ErrNoChecksum), errors.As(err, new(*inventory.ChecksumError)):
		return Remedy{Say: "the report may not be delivered completely yet: take an older one; or go on at your own risk with --no-manifest-checksum"}, true
	case errors.As(err, new(*inventory.FormatError)):
		return Remedy{Say: "reseal reads CSV, ORC and Parquet reports"}, true
	case errors.Is(err, inventory.ErrNoReport):
		r := Remedy{Say: "the first report comes up to 48 hours after it was set up; reseal inventory snapshot makes one at once; see what is there"}
		none := new(inventory.NoReportError)
		if errors.As(err, &none) && none.Results {
			r.Say = "the result of a query is read with --columns auto; " + r.Say
		}
		if none.Below != "" {
			r.Next = "reseal inventory ls " + shell.Path(none.Below)
		}
		return r, true
	case errors.Is(err, inventory.ErrNotManifest):
		return Remedy{"a report is named by its manifest.json, or by the folder of reports; a list of bucket,key lines will do, too", "reseal inventory --help"}, true
	}
	return Remedy{}, false
}
