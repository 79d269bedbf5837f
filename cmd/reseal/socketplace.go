package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// controlSocket is the socket in a job's folder through which a run is steered.
const controlSocket = "ctl.sock"

// socketPlace is where a run has its socket: in the job's folder, or, where the
// job is in a bucket, in a folder of the user's on the machine that runs it.
type socketPlace struct {
	dir, name string
	whose     string // for people
}

// placeOf returns the place for a run of a job, or of a share of it. Nothing is made.
func placeOf(job string, s share) socketPlace {
	if !remoteJob(job) {
		return socketPlace{job, controlSocket, "job " + job}
	}
	at := socketPlace{runtimeFolder(), jobSocket(job) + ".sock", "job " + job}
	if s.count > 0 {
		at.name = fmt.Sprintf("%s-%d-of-%d.sock", jobSocket(job), s.index, s.count)
		at.whose = fmt.Sprintf("share %s of job %s", s, job)
	}
	return at
}

// jobSocket is what begins the names of the sockets of a job in a bucket.
func jobSocket(job string) string {
	sum := sha256.Sum256([]byte(strings.TrimRight(job, "/")))
	return hex.EncodeToString(sum[:8])
}

// runtimeFolder is the folder for the sockets of jobs in buckets. It goes by the
// temporary folder, which cron and terminals have in common, unlike
// XDG_RUNTIME_DIR.
func runtimeFolder() string {
	return filepath.Join(os.TempDir(), "reseal-"+strconv.Itoa(os.Getuid()))
}

// sharesHere are the shares of a job in a bucket that have a socket on this
// machine, as --shard takes them. Those of a crash are among them.
func sharesHere(job string) (out []string) {
	found, _ := filepath.Glob(filepath.Join(runtimeFolder(), jobSocket(job)+"-*-of-*.sock")) // the pattern is a good one
	for _, path := range found {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), jobSocket(job)+"-"), ".sock")
		out = append(out, strings.Replace(name, "-of-", "/", 1))
	}
	return out
}

// path is the socket's path.
func (at socketPlace) path() string { return filepath.Join(at.dir, at.name) }

// prepare makes the runtime folder where the place is in it. One that others
// can write to, or that is not the caller's, is not used.
func (at socketPlace) prepare() error {
	if at.dir != runtimeFolder() {
		return nil
	}
	if err := os.Mkdir(at.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder for the socket: %w", err)
	}
	return at.trusted()
}

// trusted tells why the runtime folder is not to be relied on: anybody may have
// made one of that name.
func (at socketPlace) trusted() error {
	info, err := os.Lstat(at.dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ofCaller(info):
		return fmt.Errorf("%s is not a folder of this user's alone", at.dir)
	}
	return nil
}

// remove takes away the socket of a run that ends. A left-over one is taken over.
func (at socketPlace) remove() { _ = os.Remove(at.path()) }

// socketPathLimit is how long the path of a unix socket may be, a zero byte
// included: 108 bytes on Linux (unix(7)), 104 on the BSDs and macOS.
func socketPathLimit() int {
	if runtime.GOOS == "linux" {
		return 108
	}
	return 104
}

// reach calls do with a path of the socket that is short enough for the kernel:
// as given, relative to here, or through a descriptor of the folder, which
// lives only as long as do.
func (at socketPlace) reach(do func(path string) error) error {
	if at.dir == runtimeFolder() {
		if err := at.trusted(); err != nil {
			return err
		}
	}
	path := at.path()
	if len(path) < socketPathLimit() {
		return do(path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		if cwd, err := os.Getwd(); err == nil {
			if rel, err := filepath.Rel(cwd, abs); err == nil && len(rel) < socketPathLimit() {
				return do(rel)
			}
		}
	}
	if runtime.GOOS != "linux" {
		return fmt.Errorf("the path of %s is too long for a socket; run it from within the folder, or move the job to a shorter path", path)
	}
	folder, err := os.Open(at.dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return do(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), at.name))
}
