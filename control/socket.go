package control

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// folderSocket is the name of the socket in the folder of a job.
const folderSocket = "ctl.sock"

// Socket is the place of the unix socket of a run.
type Socket struct {
	dir, name string
	job       string // whose it is, for people
}

// FolderSocket is the socket of a job in a folder. Nothing is made.
func FolderSocket(dir string) Socket { return Socket{dir, folderSocket, "job " + dir} }

// RemoteSocket is the socket of a job in a bucket, or of its share index of count.
// It is on the machine that runs it, in a folder of the user. A count of 0 is all
// of the job. Nothing is made.
func RemoteSocket(job string, index, count int) Socket {
	at := Socket{runtimeFolder(), remoteName(job) + ".sock", "job " + job}
	if count > 0 {
		at.name = fmt.Sprintf("%s-%d-of-%d.sock", remoteName(job), index, count)
		at.job = fmt.Sprintf("share %d/%d of job %s", index, count, job)
	}
	return at
}

// RemoteShares are the shares of a job in a bucket that have a socket on this
// machine, as "0/8". A share that crashed may be among them.
func RemoteShares(job string) (out []string) {
	found, _ := filepath.Glob(filepath.Join(runtimeFolder(), remoteName(job)+"-*-of-*.sock")) // the pattern is valid
	for _, path := range found {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), remoteName(job)+"-"), ".sock")
		out = append(out, strings.Replace(name, "-of-", "/", 1))
	}
	return out
}

// remoteName begins the names of the sockets of a job in a bucket.
func remoteName(job string) string {
	sum := sha256.Sum256([]byte(strings.TrimRight(job, "/")))
	return hex.EncodeToString(sum[:8])
}

// runtimeFolder is the folder for the sockets of jobs in buckets. It is in the
// temporary folder, which cron and terminals share, unlike XDG_RUNTIME_DIR.
func runtimeFolder() string {
	return filepath.Join(os.TempDir(), "reseal-"+strconv.Itoa(os.Getuid()))
}

// InUseError says that another process listens on the socket.
type InUseError struct{ Path string }

func (e *InUseError) Error() string {
	return "another process answers on " + e.Path + " though nobody holds the job's lock"
}

// InUse is an *InUseError where another process answers on the socket, else nil.
func (at Socket) InUse() error {
	err := at.reach(func(path string) error {
		conn, err := net.DialTimeout("unix", path, time.Second)
		if err != nil {
			return nil // nobody, or no socket: Listen tells
		}
		conn.Close()
		return &InUseError{at.path()}
	})
	if used := (*InUseError)(nil); errors.As(err, &used) {
		return used
	}
	return nil
}

func (at Socket) path() string { return filepath.Join(at.dir, at.name) }

// prepare makes the runtime folder where the socket belongs there. It refuses one
// that others can write to, or that is not the caller's.
func (at Socket) prepare() error {
	if at.dir != runtimeFolder() {
		return nil
	}
	if err := os.Mkdir(at.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make folder for the socket: %w", err)
	}
	return at.checkFolder()
}

// checkFolder refuses a runtime folder that somebody else may have made.
func (at Socket) checkFolder() error {
	info, err := os.Lstat(at.dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByCaller(info):
		return fmt.Errorf("%s is not a folder of this user's alone", at.dir)
	}
	return nil
}

// checkSocket refuses a socket that a link leads to, or that somebody put into a folder
// of another user's. None that is there is fine.
func (at Socket) checkSocket() error {
	folder, err := os.Stat(at.dir)
	if err != nil {
		return err
	}
	info, err := os.Lstat(at.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link, which is not followed: see where it leads (ls -l), then take it away", at.path())
	case !ownedByCaller(info) && !sameOwner(info, folder):
		return fmt.Errorf("%s belongs neither to this user nor to the owner of its folder: see whose it is (ls -l), then take it away", at.path())
	}
	return nil
}

// socketPathLimit is how long the path of a unix socket may be, a zero byte
// included: 108 bytes on Linux (unix(7)), 104 on the BSDs and macOS.
func socketPathLimit() int {
	if runtime.GOOS == "linux" {
		return 108
	}
	return 104
}

// reach calls do with a path of the socket that is short enough for the kernel:
// as given, relative to here, or through a descriptor of the folder. The path is
// valid only until do returns.
func (at Socket) reach(do func(path string) error) error {
	if at.dir == runtimeFolder() {
		if err := at.checkFolder(); err != nil {
			return err
		}
	}
	path := at.path()
	if err := at.checkSocket(); err != nil {
		return err
	}
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
