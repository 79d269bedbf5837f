package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/internal/terminal"
)

// sized is a terminal's width, and what is written there.
type sized struct {
	bytes.Buffer
	columns int
}

func (s *sized) Columns() int { return s.columns }

// An error is at three widths as was agreed on by eye. The other texts are in package
// console, and in its tests.
func TestGoldenTexts(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8") // in other locales signs are ASCII
	began := time.Date(2026, 11, 29, 3, 10, 0, 0, time.UTC)
	locked := &checkpoint.LockedError{Job: "s3://acme-jobs/nights/archive", Holder: checkpoint.Holder{Host: "node-1", PID: 7, Started: began, Command: "reseal run"}}
	for _, columns := range []int{80, 100, 140} {
		got := &sized{columns: columns}
		process{stderr: terminal.NewTerminal(got)}.exit(&cobra.Command{Use: "run"}, fmt.Errorf("open job: %w", locked))
		file := filepath.Join("testdata", "golden", fmt.Sprintf("error-%d.txt", columns))
		if *updateDocs {
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, got.Bytes(), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s differs; go test ./cmd/reseal -run TestGoldenTexts -update, then look at the difference. Got:\n%s", file, got.String())
		}
	}
}
