package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/otheruser"
)

// A socket that a link leads to, or that somebody put into the folder of another user, is
// neither asked nor listened on.
func TestPlantedSocket(t *testing.T) {
	real, dir := filepath.Join(t.TempDir(), "s"), t.TempDir()
	ln, err := net.Listen("unix", real)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	at := FolderSocket(dir)
	if err := os.Symlink(real, at.path()); err != nil {
		t.Fatal(err)
	}
	_, asked := Ask(t.Context(), at, Request{Command: "status"})
	_, listened := Listen(at)
	for _, err := range []error{asked, listened} {
		if err == nil || !strings.Contains(err.Error(), "is a symbolic link") {
			t.Errorf("error %v, want that it is a link", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED in part: only root can give files to another user; run this test as root")
	}
	if err := errors.Join(os.Remove(at.path()), os.Rename(real, at.path()), os.Chown(at.path(), otheruser.ID, -1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(t.Context(), at, Request{Command: "status"}); err == nil || !strings.Contains(err.Error(), "belongs neither to this user") {
		t.Errorf("error %v, want that it is somebody else's", err)
	}
}
