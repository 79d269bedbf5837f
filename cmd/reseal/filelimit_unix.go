//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// heedFileLimit has a write beyond the limit of a file's size (ulimit -f) fail
// as one to a full disk does. By itself the signal that comes with it would end
// the process, with requests under way.
func heedFileLimit() { signal.Ignore(syscall.SIGXFSZ) }
