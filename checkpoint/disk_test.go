package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// disk is a file system that keeps its promises and no more: what was not
// synced may be lost, in any part and any order, when the power goes.
type disk struct {
	mu      sync.Mutex
	now     map[string]*inode   // names as a running program sees them
	durable map[string]*inode   // names as they were when their folder was synced
	since   map[string][]*inode // what each name stood for since then; nil for nothing
	locked  bool
	dead    bool // the power is gone

	ops   int // steps that change something, so far
	fault func(n int, step, name string) fault
}

// fault is what goes wrong in a step.
type fault struct {
	err    error
	effect bool // the step takes place all the same
	tear   bool // half of a write takes place
	dies   bool // the power goes before the step
}

var errPower = errors.New("no power")

type inode struct {
	content []byte // as a running program sees it
	durable []byte
	since   []change
	folder  bool
}

// change is a write at off, or a truncation to off where data is nil.
type change struct {
	off  int64
	data []byte
}

func (c change) apply(b []byte) []byte {
	end := c.off + int64(len(c.data))
	if int64(len(b)) < end {
		b = append(b, make([]byte, end-int64(len(b)))...)
	}
	if c.data == nil {
		return b[:c.off]
	}
	copy(b[c.off:], c.data)
	return b
}

func newDisk() *disk {
	return &disk{now: map[string]*inode{}, durable: map[string]*inode{}, since: map[string][]*inode{}}
}

// crash returns the disk as it may be found when the power is back.
func (d *disk) crash(r *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	after := newDisk()
	seen := map[*inode]*inode{}
	names := map[string]bool{}
	for name := range d.durable {
		names[name] = true
	}
	for name := range d.since {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		choice := append([]*inode{d.durable[name]}, d.since[name]...)
		old := choice[r.IntN(len(choice))]
		if old == nil {
			continue
		}
		if seen[old] == nil {
			b := slices.Clone(old.durable)
			for _, c := range old.since {
				switch r.IntN(4) {
				case 0: // lost
				case 1:
					if c.data != nil {
						c.data = c.data[:r.IntN(len(c.data)+1)]
					}
					b = c.apply(b)
				default:
					b = c.apply(b)
				}
			}
			seen[old] = &inode{content: b, durable: slices.Clone(b), folder: old.folder}
		}
		after.now[name], after.durable[name] = seen[old], seen[old]
	}
	// What lies in a folder that was lost is lost.
	for name := range after.now {
		if dir := path.Dir(name); dir != "." && after.now[dir] == nil {
			delete(after.now, name)
			delete(after.durable, name)
		}
	}
	return after
}

// step counts a step that changes something and returns what goes wrong in it.
func (d *disk) step(step, name string) fault {
	if d.dead {
		return fault{err: errPower}
	}
	d.ops++
	if d.fault == nil {
		return fault{}
	}
	f := d.fault(d.ops, step, name)
	if f.dies {
		d.dead = true
		return fault{err: errPower}
	}
	return f
}

// cut takes the power away.
func (d *disk) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
}

// loseReplaced makes the next crash as bad as it can be for files that were
// replaced: neither the old nor the new one is there.
func (d *disk) loseReplaced() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, list := range d.since {
		if d.durable[name] != nil && slices.Contains(list, nil) {
			delete(d.durable, name)
			d.since[name] = []*inode{nil}
		}
	}
}

// arm sets what goes wrong from now on.
func (d *disk) arm(f func(n int, step, name string) fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// slowDisk is a disk whose steps that matter to a flush take time.
type slowDisk struct {
	*disk
	pause func()
}

func (d slowDisk) OpenFile(name string, flag int, perm fs.FileMode) (file, error) {
	f, err := d.disk.OpenFile(name, flag, perm)
	if err != nil || flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		return f, err
	}
	return slowFile{f, d.pause}, nil
}

func (d slowDisk) Rename(from, to string) error {
	d.pause()
	return d.disk.Rename(from, to)
}

func (d slowDisk) SyncDir(name string) error {
	d.pause()
	return d.disk.SyncDir(name)
}

type slowFile struct {
	file
	pause func()
}

func (f slowFile) Sync() error {
	f.pause()
	return f.file.Sync()
}

func (d *disk) set(name string, i *inode) {
	if _, ok := d.since[name]; !ok {
		d.since[name] = nil
	}
	d.since[name] = append(d.since[name], i)
	if i == nil {
		delete(d.now, name)
	} else {
		d.now[name] = i
	}
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

func (d *disk) OpenFile(name string, flag int, _ fs.FileMode) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.now[name]
	if d.dead {
		return nil, pathError("open", name, errPower)
	}
	if i == nil {
		if flag&os.O_CREATE == 0 || path.Dir(name) != "." && d.now[path.Dir(name)] == nil {
			return nil, pathError("open", name, fs.ErrNotExist)
		}
		f := d.step("create", name)
		if f.err != nil && !f.effect {
			return nil, pathError("open", name, f.err)
		}
		i = &inode{}
		d.set(name, i)
		if f.err != nil {
			return nil, pathError("open", name, f.err)
		}
	} else if flag&os.O_EXCL != 0 {
		return nil, pathError("open", name, fs.ErrExist)
	} else if flag&os.O_TRUNC != 0 {
		h := &handle{d: d, i: i, name: name}
		if err := h.change("truncate", change{}); err != nil {
			return nil, err
		}
	}
	return &handle{d: d, i: i, name: name}, nil
}

func (d *disk) Mkdir(name string, _ fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now[name] != nil {
		return pathError("mkdir", name, fs.ErrExist)
	}
	f := d.step("mkdir", name)
	if f.err == nil || f.effect {
		d.set(name, &inode{folder: true})
	}
	return f.err
}

func (d *disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.now[from]
	if i == nil {
		return pathError("rename", from, fs.ErrNotExist)
	}
	f := d.step("rename", to)
	if f.err == nil || f.effect {
		d.set(from, nil)
		// A running program finds the one file or the other under the name. That it
		// does so after a loss of power, too, is no promise of every file system.
		if d.now[to] != nil {
			d.set(to, nil)
		}
		d.set(to, i)
	}
	return f.err
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now[name] == nil {
		return pathError("remove", name, fs.ErrNotExist)
	}
	f := d.step("remove", name)
	if f.err == nil || f.effect {
		d.set(name, nil)
	}
	return f.err
}

func (d *disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.step("syncdir", name)
	if f.err == nil || f.effect {
		for n := range d.since {
			if path.Dir(n) != name {
				continue
			}
			if d.now[n] != nil {
				d.durable[n] = d.now[n]
			} else {
				delete(d.durable, n)
			}
			delete(d.since, n)
		}
	}
	return f.err
}

func (d *disk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return nil, errPower
	}
	if name != "." && d.now[name] == nil {
		return nil, pathError("readdir", name, fs.ErrNotExist)
	}
	var list []fs.DirEntry
	for n, i := range d.now {
		if path.Dir(n) == name {
			list = append(list, fs.FileInfoToDirEntry(info{path.Base(n), i}))
		}
	}
	return list, nil
}

func (d *disk) Trust() error { return nil }

func (d *disk) TryLock(name string) (func() error, error) {
	f, err := d.OpenFile(name, os.O_CREATE|os.O_RDWR, filePerm)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, nil
	}
	d.locked = true
	return func() error { d.locked = false; return nil }, nil
}

type handle struct {
	d    *disk
	i    *inode
	name string
	off  int
}

// change applies c as one step; the caller holds the lock.
func (h *handle) change(step string, c change) error {
	f := h.d.step(step, h.name)
	if f.err != nil && f.tear {
		c.data = c.data[:len(c.data)/2]
	}
	if f.err == nil || f.effect || f.tear {
		c.data = slices.Clone(c.data)
		h.i.content = c.apply(h.i.content)
		h.i.since = append(h.i.since, c)
	}
	if f.err != nil {
		return pathError(step, h.name, f.err)
	}
	return nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if err := h.change("write", change{off, p}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (h *handle) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (h *handle) Truncate(size int64) error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return h.change("truncate", change{off: size})
}

func (h *handle) Sync() error {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	f := h.d.step("sync", h.name)
	if f.err == nil || f.effect {
		h.i.durable, h.i.since = slices.Clone(h.i.content), nil
	}
	if f.err != nil {
		return pathError("sync", h.name, f.err)
	}
	return nil
}

func (h *handle) Read(p []byte) (int, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	if h.off >= len(h.i.content) {
		return 0, io.EOF
	}
	n := copy(p, h.i.content[h.off:])
	h.off += n
	return n, nil
}

func (h *handle) Stat() (fs.FileInfo, error) {
	h.d.mu.Lock()
	defer h.d.mu.Unlock()
	return info{path.Base(h.name), h.i}, nil
}

func (h *handle) Close() error { return nil }

type info struct {
	name string
	i    *inode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.i.content)) }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.i.folder }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.i.folder {
		return fs.ModeDir | dirPerm
	}
	return filePerm
}

// lockedDir returns a Dir on d that holds the lock.
func lockedDir(t testing.TB, d *disk) *Dir {
	t.Helper()
	dir := newDir("job", d)
	if _, err := dir.Lock(t.Context(), Self("test")); err != nil {
		t.Fatalf("lock: %v", err)
	}
	return dir
}

// The double must lose what it may lose, or the tests on it prove nothing.
func TestDiskLosesWhatWasNotSynced(t *testing.T) {
	d := newDisk()
	f, _ := d.OpenFile("kept", os.O_CREATE, filePerm)
	f.WriteAt([]byte("synced"), 0)
	f.Sync()
	d.SyncDir(".")
	f.WriteAt([]byte("SYNCED and more"), 0)
	g, _ := d.OpenFile("unnamed", os.O_CREATE, filePerm)
	g.WriteAt([]byte("x"), 0)
	g.Sync()
	found := map[string]bool{}
	for seed := range uint64(200) {
		after := d.crash(rand.New(rand.NewPCG(seed, 0)))
		if after.now["unnamed"] == nil {
			found["name lost"] = true
		}
		text := string(after.now["kept"].content)
		switch {
		case text == "synced":
			found["write lost"] = true
		case text == "SYNCED and more":
			found["write kept"] = true
		case strings.HasPrefix("SYNCED and more", text) || strings.HasSuffix(text, "ced"):
			found["write torn"] = true
		}
	}
	if len(found) != 4 {
		t.Errorf("after 200 crashes only %v were seen", found)
	}
}

var enospc = fault{err: syscall.ENOSPC}
