package terminal

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestColumns(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, tt := range []struct {
		w    io.Writer
		want int
	}{{new(bytes.Buffer), 80}, {file, 80}, {columns(100), 100}, {columns(5), narrowest}, {columns(999), widest}} {
		if got := Columns(tt.w); got != tt.want {
			t.Errorf("%T: %d columns, want %d", tt.w, got, tt.want)
		}
	}
}

// A command that is broken into lines is the same command to a shell.
func TestCommandCanBePasted(t *testing.T) {
	line := `reseal run --manifest 's3://b/a --b "c' --accept "x \" --y" --job ./job --prefix a\ -b --yes`
	for _, columns := range []int{1, 8, 20, 40, 60, 200} {
		lines := Command(line, columns)
		joined := strings.ReplaceAll(strings.Join(lines, "\n"), " \\\n ", "")
		if joined != line {
			t.Errorf("%d columns: %q", columns, lines)
		}
		if columns == 200 != (len(lines) == 1) {
			t.Errorf("%d columns: %d lines", columns, len(lines))
		}
	}
}
