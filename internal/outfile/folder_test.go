package outfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A folder gets its name as a whole, and takes it from nothing that is there.
func TestMoveFolder(t *testing.T) {
	in := t.TempDir()
	fill := func(name string) string {
		folder := filepath.Join(in, name)
		if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, "file"), []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	to := filepath.Join(in, "to")
	if err := MoveFolder(fill("first"), to); err != nil {
		t.Fatal(err)
	}
	second := fill("second")
	if err := MoveFolder(second, to); !errors.As(err, new(*TargetError)) {
		t.Errorf("over a folder: %v, want a TargetError", err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "file")); err != nil || string(text) != "first" {
		t.Errorf("%q, %v; want the first", text, err)
	}
	link := filepath.Join(in, "link")
	if err := os.Symlink(filepath.Join(in, "nowhere"), link); err != nil {
		t.Fatal(err)
	}
	if err := MoveFolder(second, link); !errors.As(err, new(*TargetError)) {
		t.Errorf("over a link to nothing: %v, want a TargetError", err)
	}
}
