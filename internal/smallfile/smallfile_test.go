package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What is no small text is refused at once, with a word that says what it is.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("text", "a: 1\n")
	write("bom", "\ufeffa: 1\n")
	write("utf16", "\xff\xfea\x00")
	write("binary", "a\x00b")
	write("latin1", "caf\xe9")
	write("full", strings.Repeat("x", 1<<20))
	write("large", strings.Repeat("x", 1<<20+1))
	if err := errors.Join(syscall.Mkfifo(at("fifo"), 0o600), os.Symlink("loop", at("loop")), os.Symlink("fifo", at("link"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		at("text"): "", at("bom"): "", at("full"): "",
		at("utf16"):  "is in UTF-16; save it as UTF-8",
		at("binary"): "is no text in UTF-8", at("latin1"): "is no text in UTF-8",
		at("large"): "is larger than 1 MiB",
		at("fifo"):  "is a FIFO; want a regular file", at("link"): "is a FIFO; want a regular file",
		dir:         "is a folder; want a regular file",
		"/dev/zero": "is a device; want a regular file",
		at("loop"):  "cannot be opened: its symbolic links lead in a circle",
		"":          "is empty",
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			type answer struct {
				text []byte
				err  error
			}
			got := make(chan answer, 1)
			go func() {
				text, err := Read(name, 1<<20)
				got <- answer{text, err}
			}()
			select {
			case a := <-got:
				refused := (*Error)(nil)
				switch {
				case want == "" && a.err != nil:
					t.Errorf("refused: %v", a.err)
				case want == "" && strings.HasPrefix(string(a.text), "\ufeff"):
					t.Error("the byte order mark is still there")
				case want != "" && (!errors.As(a.err, &refused) || refused.Why != want):
					t.Errorf("%v, want one that %s", a.err, want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it waits for somebody")
			}
		})
	}
	if _, err := Read(at("nowhere"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a file that is not there: %v", err)
	}
}
