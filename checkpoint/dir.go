package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
)

const (
	dirPerm  fs.FileMode = 0o700
	filePerm fs.FileMode = 0o600

	// maxDocument bounds what Get reads into memory, in bytes. The largest state
	// file is that of 2^32 rows of which every other failed: 512 MiB; a real one
	// is a thousandth of that. A plan is some kilobytes.
	maxDocument = 1 << 30

	// localTail keeps what each flush writes anew small, and the number of result
	// files, too: lines are packed to a seventh, so that a file has some 20,000.
	localTail = 1 << 20

	stateFolder  = "state"
	resultFolder = "results"
	planName     = "plan.json"
	lockName     = "lock"
)

// Dir is a Store in a local folder: mode 0700, files 0600, no name outside it
// is ever touched. It may be used by several goroutines at once.
type Dir struct {
	path string
	fsys fileSystem

	mu    sync.Mutex
	epoch uint64 // of the lock, 0 while not locked
}

var _ Store = (*Dir)(nil)

// CreateDir opens the folder at path for a job and makes it where it is not
// there yet. An existing folder must be empty or hold a job already: a folder
// of something else is refused, as its mode would be changed to 0700. So is one that
// somebody else owns, or that has files and may be written in by everybody.
func CreateDir(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find job folder %s: %w", path, err)
	}
	if err := os.Mkdir(abs, dirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make job folder: %w", err)
	}
	d, err := OpenDir(abs)
	if err != nil {
		return nil, err
	}
	if err := d.adopt(); err != nil {
		return nil, fmt.Errorf("use %s as job folder: %w", abs, err)
	}
	if err := syncParent(abs); err != nil {
		return nil, fmt.Errorf("make job folder durable: %w", err)
	}
	return d, nil
}

// OpenDir opens the existing folder of a job and changes nothing in it.
func OpenDir(path string) (*Dir, error) {
	// OpenRoot of a FIFO would wait for who writes to it, and no signal ends that.
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return newDir(path, rootFS{root}), nil
}

func newDir(path string, fsys fileSystem) *Dir { return &Dir{path: path, fsys: fsys} }

// adopt checks that the folder is empty or a job's, and tightens its mode.
func (d *Dir) adopt() error {
	entries, err := d.fsys.ReadDir(".")
	if err != nil {
		return err
	}
	ours := len(entries) == 0
	for _, e := range entries {
		ours = ours || e.Name() == lockName || e.Name() == planName
	}
	if !ours {
		return errors.New("it has files, and none of a job")
	}
	if len(entries) > 0 {
		if err := d.fsys.Trust(); err != nil {
			return err
		}
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(d.path, dirPerm); err != nil {
			return err
		}
	}
	return d.fsys.Trust()
}

func syncParent(path string) error {
	parent, err := os.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrPermission) {
		return nil // may be passed through but not read; then the folder was there before us
	}
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// String returns the path of the folder.
func (d *Dir) String() string { return d.path }

// TailBytes is 1 MiB.
func (d *Dir) TailBytes() int { return localTail }

// Held implements Store.
func (d *Dir) Held(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held()
}

// Epoch implements Store.
func (d *Dir) Epoch() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.epoch
}

// Get reads a file of at most 1 GiB. Its version is a hash of its content.
func (d *Dir) Get(ctx context.Context, name string) ([]byte, Version, error) {
	if err := d.usable(ctx, withoutFolder(name)); err != nil {
		return nil, "", err
	}
	data, err := d.read(name, maxDocument)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", d.in(name), err)
	}
	return data, versionOf(data), nil
}

// Open opens a file for reading.
func (d *Dir) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := d.usable(ctx, name); err != nil {
		return nil, err
	}
	f, err := d.fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", d.in(name), err)
	}
	return f, nil
}

// List returns the regular files of a folder, without those that a crash in
// the middle of a Put left behind.
func (d *Dir) List(ctx context.Context, folder string) ([]Info, error) {
	entries, err := d.entries(ctx, folder)
	if err != nil {
		return nil, err
	}
	var infos []Info
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", d.in(folder), err)
		}
		infos = append(infos, Info{Name: path.Join(folder, e.Name()), Size: info.Size()})
	}
	return infos, nil
}

// entries returns what is in a folder, nothing where there is none.
func (d *Dir) entries(ctx context.Context, folder string) ([]fs.DirEntry, error) {
	if err := d.usable(ctx, folder); err != nil {
		return nil, err
	}
	entries, err := d.fsys.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", d.in(folder), err)
	}
	return entries, nil
}

// Folders implements Reader. A link counts as a folder: nobody follows it.
func (d *Dir) Folders(ctx context.Context, folder string) ([]string, error) {
	entries, err := d.entries(ctx, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Put writes a hidden file beside the target, syncs it, renames it over the
// target, and syncs the folder.
func (d *Dir) Put(ctx context.Context, name string, data []byte, expect Version) (Version, error) {
	if err := d.usable(ctx, name); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.held(); err != nil {
		return "", fmt.Errorf("write %s: %w", d.in(name), err)
	}
	var have Version
	switch old, err := d.read(name, maxDocument); {
	case err == nil:
		have = versionOf(old)
	case !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read %s: %w", d.in(name), err)
	}
	if have != expect {
		return "", &ConflictError{Name: d.in(name), Expect: expect, Have: have}
	}
	if err := d.replace(name, data); err != nil {
		return "", fmt.Errorf("write %s: %w", d.in(name), err)
	}
	return versionOf(data), nil
}

func (d *Dir) replace(name string, data []byte) error {
	// A fixed name, so that what a crash leaves is taken away by the next Put.
	// It is not written over: after a crash in the middle of a rename, some
	// file systems have one file under both names.
	temp := path.Join(path.Dir(name), "."+path.Base(name)+".new")
	if err := d.fsys.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.fsys.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, filePerm)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync() // before the rename, or a crash may leave an empty file under the name
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.fsys.Rename(temp, name); err != nil {
		return err
	}
	return d.fsys.SyncDir(path.Dir(name))
}

// read returns the content of a file of at most limit bytes.
func (d *Dir) read(name string, limit int64) ([]byte, error) {
	f, err := d.fsys.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (d *Dir) usable(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !validName(name) {
		return fmt.Errorf("checkpoint: name %q is not allowed", name)
	}
	return nil
}

// in returns name with the path of the folder, for messages.
func (d *Dir) in(name string) string { return filepath.Join(d.path, filepath.FromSlash(name)) }

// jobWithin is the beginning of the name of a document of a job that lies in another one,
// as a later generation does.
var jobWithin = regexp.MustCompile(`^generations/[0-9]{6}/`)

// withoutFolder returns the name that a document has in its own job. Only Get takes names
// of another job: what is written and listed is the job's own.
func withoutFolder(name string) string { return name[len(jobWithin.FindString(name)):] }

// validName tells whether name is one or two plain elements. Leading dots are
// kept for unfinished files.
func validName(name string) bool {
	elems := strings.Split(name, "/")
	if len(elems) > 2 {
		return false
	}
	for _, e := range elems {
		if e == "" || len(e) > 100 || e[0] == '.' {
			return false
		}
		for _, c := range []byte(e) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.", rune(c)) {
				return false
			}
		}
	}
	return true
}

func versionOf(data []byte) Version {
	sum := sha256.Sum256(data)
	return Version(hex.EncodeToString(sum[:16]))
}

// OwnNames returns the names of the files and folders that a Dir makes in its folder.
func OwnNames() []string { return []string{stateFolder, resultFolder, lockName, leaseName} }
