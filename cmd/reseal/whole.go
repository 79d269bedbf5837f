package main

import (
	"fmt"
	"io"

	"github.com/google/renameio/v2"
)

// writeWhole writes a file for its owner alone, as a whole or not at all.
func writeWhole(name string, write func(io.Writer) error) error {
	file, err := renameio.NewPendingFile(name, renameio.WithPermissions(0o600))
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer file.Cleanup()
	if err := write(file); err != nil {
		return err
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
