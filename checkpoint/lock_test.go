package checkpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// holdEnv names a folder that the test binary locks when it is run again.
const holdEnv = "RESEAL_TEST_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdEnv); path != "" {
		d, err := OpenDir(path)
		if err == nil {
			_, err = d.Lock(context.Background(), Self("run --job x\x1b[2J"))
		}
		fmt.Println("held:", err)
		io.Copy(io.Discard, os.Stdin) // until the parent goes or kills it
		return
	}
	os.Exit(m.Run())
}

// holder starts a process that holds the lock of the folder.
func holder(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), holdEnv+"="+path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		c.Process.Kill()
		c.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "held: <nil>\n" {
		t.Fatalf("holder says %q, %v", line, err)
	}
	return c
}

func TestLockOfALiveProcess(t *testing.T) {
	path := t.TempDir()
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	c := holder(t, path)
	_, err = d.Lock(t.Context(), Self("test"))
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.PID != c.Process.Pid || locked.Job != path {
		t.Fatalf("lock: %v; want one held by process %d", err, c.Process.Pid)
	}
	if strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("what another process wrote reaches the terminal: %q", err)
	}
	if _, err := Read(t.Context(), d); err != nil {
		t.Errorf("read beside the holder: %v", err)
	}
}

func TestLockOfADeadProcess(t *testing.T) {
	path := t.TempDir()
	d, err := CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	c := holder(t, path)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	l, err := d.Lock(t.Context(), Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	if l.Previous == nil || l.Previous.PID != c.Process.Pid {
		t.Errorf("taken over from %v; want process %d", l.Previous, c.Process.Pid)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	if l, err = d.Lock(t.Context(), Self("test")); err != nil || l.Previous != nil {
		t.Errorf("after a release: %+v, %v; want nobody before", l, err)
	}
}

func TestLockTwice(t *testing.T) {
	d, path := realDir(t)
	other, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]*Dir{"same": d, "other": other} {
		var locked *LockedError
		if _, err := dir.Lock(t.Context(), Self("test")); !errors.As(err, &locked) || locked.Holder.PID != os.Getpid() {
			t.Errorf("%s: %v; want one held by this process", name, err)
		}
	}
}

func TestLockFileOfSomethingElse(t *testing.T) {
	for name, text := range map[string]string{"nonsense": "{{{", "too long": strings.Repeat("x", maxLockBytes+1), "empty": ""} {
		path := t.TempDir()
		if err := os.WriteFile(filepath.Join(path, "lock"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := CreateDir(path)
		if err != nil {
			t.Fatal(err)
		}
		if l, err := d.Lock(t.Context(), Self("test")); err != nil || l.Previous != nil {
			t.Errorf("%s: %+v, %v; want the lock, and nobody before", name, l, err)
		}
	}
}
