package known

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reseal/internal/otheruser"
)

func newFile(t *testing.T) File { return At(filepath.Join(t.TempDir(), "known-jobs")) }

func newJob(place string) *Job {
	return &Job{Name: place, Place: place, Pin: Pin{Plan: "a1", Bucket: "media", SSE: "aws:kms", Key: "arn:key/1"}, Endpoint: Named{Value: AWS}}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// meet is a meeting that must be recorded.
func meet(t *testing.T, f File, j *Job) Met {
	t.Helper()
	met, err := f.Meet(t.Context(), j, true)
	must(t, err, met.Unrecorded)
	return met
}

// Whatever of a job is not as at first refuses it, and the first view stays.
func TestMeet(t *testing.T) {
	f := newFile(t)
	if met := meet(t, f, newJob("/jobs/a")); !met.New {
		t.Error("a job that was never seen is not new")
	}
	if met := meet(t, f, newJob("/jobs/a")); met.New || met.First.IsZero() {
		t.Errorf("a job that was seen is %+v", met)
	}
	for want, edit := range map[string]func(*Job){
		"KMS key":        func(j *Job) { j.Key = "arn:key/2" },
		"bucket":         func(j *Job) { j.Bucket = "other" },
		"encryption":     func(j *Job) { j.SSE, j.Key = "AES256", "" },
		"what else":      func(j *Job) { j.Plan = "b2" },
		"requests go":    func(j *Job) { j.Endpoint.Value = "http://elsewhere" },
		"own the bucket": func(j *Job) { j.Owner.Value = "444455556666" },
	} {
		j := newJob("/jobs/a")
		edit(j)
		for range 2 { // the second time, too: nothing was learnt
			_, err := f.Meet(t.Context(), j, true)
			var differs *DifferentError
			if !errors.As(err, &differs) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want it named", want, err)
			}
		}
		j.Place = "/jobs/b"
		if met, err := f.Meet(t.Context(), j, false); err != nil || !met.New {
			t.Errorf("%s, in another place: %+v, %v", want, met, err)
		}
	}
	meet(t, f, newJob("/jobs/a"))
}

// What the user names is right, and known from then on.
func TestNamedByUser(t *testing.T) {
	f := newFile(t)
	meet(t, f, newJob("/jobs/a"))
	j := newJob("/jobs/a")
	j.Endpoint = Named{"http://minio:9000", true}
	j.Owner = Named{"444455556666", true}
	meet(t, f, j)
	j.Endpoint.ByUser, j.Owner.ByUser = false, false
	meet(t, f, j)
	meet(t, f, newJob("/jobs/a"))
}

// A job made here takes the place of another; one that is forgotten is new.
func TestMadeAndForgotten(t *testing.T) {
	f := newFile(t)
	meet(t, f, newJob("/jobs/a"))
	j := newJob("/jobs/a")
	j.Plan = "b2"
	met, err := f.Made(t.Context(), j)
	must(t, err, met.Unrecorded)
	if met := meet(t, f, j); met.New {
		t.Error("the job that was made is new")
	}
	for _, want := range []bool{true, false} {
		if was, err := f.Forget(t.Context(), j.Place); was != want || err != nil {
			t.Errorf("forgot %v, %v; want %v", was, err, want)
		}
	}
	if met := meet(t, f, newJob("/jobs/a")); !met.New {
		t.Error("the job that was forgotten is not new")
	}
}

// A file that is no list, or that others could have written, refuses every job.
func TestHostileFile(t *testing.T) {
	whole := `{"version":1,"jobs":[{"place":"/jobs/a","plan_sha256":"a1","bucket":"media","sse":"aws:kms","kms_key_id":"arn:key/1","endpoints":["AWS"],"owners":[""]}]}`
	var one contents
	must(t, json.Unmarshal([]byte(whole), &one))
	text := func(s string) func(string) error {
		return func(name string) error { return os.WriteFile(name, []byte(s), 0o600) }
	}
	for want, make := range map[string]func(name string) error{
		"":                     text(whole),
		"no list of jobs":      text("{"),
		"everybody":            func(name string) error { return errors.Join(text(whole)(name), os.Chmod(name, 0o602)) },
		"no version":           text("{}"),
		"has format 2":         text(`{"version":2}`),
		"without place":        text(`{"version":1,"jobs":[{}]}`),
		"twice":                text(strings.Replace(whole, `[{`, `[`+strings.TrimSuffix(strings.SplitN(whole, "[", 2)[1], "]}")+`,{`, 1)),
		"more than":            text(whole + strings.Repeat(" ", mostBytes)),
		"no regular file":      func(name string) error { return syscall.Mkfifo(name, 0o600) },
		"no regular file too.": func(name string) error { return os.Mkdir(name, 0o700) },
	} {
		f := newFile(t)
		must(t, make(f.path))
		_, err := f.Meet(t.Context(), newJob("/jobs/a"), true)
		if want == "" {
			must(t, err)
			continue
		}
		var doubtful *FileError
		if !errors.As(err, &doubtful) || !strings.Contains(err.Error(), strings.TrimSuffix(want, " too.")) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := f.Made(t.Context(), newJob("/jobs/a")); !errors.As(err, &doubtful) {
			t.Errorf("%s: made: %v", want, err)
		}
		if err := f.Check(); !errors.As(err, &doubtful) {
			t.Errorf("%s: check: %v", want, err)
		}
	}
}

// An empty file, as mktemp makes it, has no job yet. One that a group may write is believed,
// as Kubernetes gives it that right (fsGroup).
func TestBelievedFile(t *testing.T) {
	f := newFile(t)
	must(t, os.WriteFile(f.path, nil, 0o600), f.Check())
	if met := meet(t, f, newJob("/jobs/a")); !met.New {
		t.Error("a job is known to an empty file")
	}
	must(t, os.Chmod(f.path, 0o660), f.Check())
	if met := meet(t, f, newJob("/jobs/a")); met.New {
		t.Error("a job is new in a file that a group may write")
	}
}

// A file of another user is not believed, and root makes none in a home that is not its
// own (sudo): that user could not read it.
func TestFileOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	f := Default()
	if !strings.HasPrefix(f.path, home) {
		t.Errorf("root's own home is %s, and the file is %s", home, f.path)
	}
	meet(t, f, newJob("/jobs/a"))
	must(t, os.Chown(f.path, otheruser.ID, otheruser.ID))
	for what, f := range map[string]File{"in one's own home": f, "that is named": At(f.path)} {
		if err := f.Check(); !errors.As(err, new(*FileError)) {
			t.Errorf("a stranger's file %s: %v", what, err)
		}
	}
	must(t, os.Chown(home, otheruser.ID, otheruser.ID))
	root, err := user.LookupId("0")
	must(t, err)
	if got := Default().Path(); !strings.HasPrefix(got, root.HomeDir+string(filepath.Separator)) || strings.HasPrefix(got, home) {
		t.Errorf("root with the home of a user: %s, want one below %s", got, root.HomeDir)
	}
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "named"))
	if got := Default().Path(); !strings.HasPrefix(got, os.Getenv("XDG_CONFIG_HOME")) {
		t.Errorf("the folder that was named is not taken: %s", got)
	}
}

// A job that takes the place of another and cannot be written down is going to be refused.
func TestMadeUnrecorded(t *testing.T) {
	f := newFile(t)
	meet(t, f, newJob("/jobs/a"))
	must(t, os.Remove(f.path+".lock"), os.Mkdir(f.path+".lock", 0o700)) // nobody can take it
	j := newJob("/jobs/a")
	for plan, outdated := range map[string]bool{"a1": false, "b2": true} {
		j.Plan = plan
		if met, err := f.Made(t.Context(), j); err != nil || met.Unrecorded == nil || met.Outdated != outdated {
			t.Errorf("plan %s: %+v, %v; want outdated %v", plan, met, err, outdated)
		}
	}
	if met, err := f.Made(t.Context(), newJob("/jobs/b")); err != nil || met.Outdated {
		t.Errorf("a place where no job was: %+v, %v", met, err)
	}
}

// Where nothing can be written, what is known still holds, and the rest is said.
func TestNowhereToWrite(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", "")
	for name, f := range map[string]File{"no home": Default(), "no folder": At(filepath.Join(t.TempDir(), "none", "known-jobs"))} {
		if met, err := f.Meet(t.Context(), newJob("/jobs/a"), true); err != nil || !met.New || met.Unrecorded == nil {
			t.Errorf("%s: %+v, %v", name, met, err)
		}
		if met, err := f.Made(t.Context(), newJob("/jobs/a")); err != nil || met.Unrecorded == nil {
			t.Errorf("%s: made: %+v, %v", name, met, err)
		}
	}
}

// The folder of the user's own file is made, for them alone.
func TestDefault(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "config")
	t.Setenv("XDG_CONFIG_HOME", folder)
	t.Setenv("HOME", folder)
	f := Default()
	meet(t, f, newJob("/jobs/a"))
	for name, mode := range map[string]os.FileMode{filepath.Dir(f.Path()): 0o700, f.Path(): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v; want mode %o", name, info.Mode(), err, mode)
		}
	}
}

// A link in place of the lock is not followed.
func TestPlantedLock(t *testing.T) {
	f := newFile(t)
	precious := filepath.Join(t.TempDir(), "precious")
	must(t, os.Symlink(precious, f.path+".lock"))
	met, err := f.Meet(t.Context(), newJob("/jobs/a"), true)
	if err != nil || met.Unrecorded == nil {
		t.Errorf("%+v, %v; want a lock that cannot be taken", met, err)
	}
	if _, err := os.Lstat(precious); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link was followed: %v", err)
	}
}

// Runs that begin at once lose none of their jobs.
func TestAtOnce(t *testing.T) {
	f := newFile(t)
	const runs = 20
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() {
			if met, err := f.Meet(t.Context(), newJob(fmt.Sprint("/jobs/", i)), true); err != nil || met.Unrecorded != nil {
				t.Error(err, met.Unrecorded)
			}
		})
	}
	all.Wait()
	c, err := f.read()
	must(t, err)
	if len(c.Jobs) != runs {
		t.Errorf("%d jobs are known, want %d", len(c.Jobs), runs)
	}
}

// The file stays within its bounds, and keeps what was seen last.
func TestBounds(t *testing.T) {
	for _, length := range []int{10, mostPlace - 10} {
		c := &contents{}
		for i := range 3 * mostJobs {
			j := newJob(fmt.Sprintf("/%0*d", length, i))
			if _, _, err := c.meet(j, time.Unix(int64(i), 0)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := c.encode()
		must(t, err)
		back, err := decode(data)
		must(t, err)
		if len(data) > mostBytes || len(back.Jobs) > mostJobs || !strings.HasSuffix(back.Jobs[0].Place, fmt.Sprint(3*mostJobs-1)) {
			t.Errorf("%d bytes, %d jobs, first %s", len(data), len(back.Jobs), back.Jobs[0].Place)
		}
	}
	c := &contents{}
	if _, _, err := c.meet(newJob(strings.Repeat("x", mostPlace+1)), time.Now()); err == nil || len(c.Jobs) > 0 {
		t.Errorf("a place without bounds: %v", err)
	}
	j := newJob("/jobs/a")
	for i := range 10 * mostValues {
		j.Endpoint = Named{fmt.Sprint("http://", i), true}
		if _, _, err := c.meet(j, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.Jobs[0].Endpoints); n != mostValues {
		t.Errorf("%d addresses are kept, want %d", n, mostValues)
	}
}

// A place is the same however it is named.
func TestPlaceOf(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "job")
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Mkdir(folder, 0o700), os.Symlink(folder, link))
	real, err := filepath.EvalSymlinks(folder)
	must(t, err)
	t.Chdir(filepath.Dir(folder))
	for name, want := range map[string]string{
		folder: real, folder + "/": real, "job": real, "./job/.": real, link: real,
		folder + "-none": folder + "-none",
		"s3://b/p":       "s3://b/p", "s3://b/p/": "s3://b/p", "s3://b//p": "s3://b/p",
	} {
		if got, err := PlaceOf(name, AWS); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", name, got, err, want)
		}
	}
	if got, _ := PlaceOf("s3://b/p", "http://minio"); got != "s3://b/p at http://minio" {
		t.Errorf("on another server: %s", got)
	}
}

// No text makes reading end in anything but jobs within the bounds, or an error.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"jobs":[{"place":"/jobs/a","plan_sha256":"a1","bucket":"media"}]}`))
	f.Add([]byte(`{"version":1,"jobs":[{"place":"/jobs/a","plan_sha256":"a1","bucket":"media","last_seen":"0000-00-00T00:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil {
			return
		}
		if _, _, err := c.meet(newJob("/jobs/a"), time.Now()); err != nil && !errors.As(err, new(*DifferentError)) {
			t.Fatal(err)
		}
		again, err := c.encode()
		if err != nil {
			t.Skip(err) // a time that JSON cannot have
		}
		if _, err := decode(again); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
