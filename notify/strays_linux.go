package notify

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// strayRounds bounds how often strays are looked for, as they may start others meanwhile.
const strayRounds = 10

// endStrays kills what a command started in a session of its own, where the signal to
// its group does not get. Each is known by the event in its environment. What has put
// that away, or belongs to another user, is not found.
func endStrays(event string) {
	if event == "" {
		return
	}
	mark := []byte("RESEAL_EVENT_ID=" + event)
	for range strayRounds {
		if !killMarked(mark) {
			return
		}
	}
}

// killMarked kills each process that has mark among its variables, and tells whether
// there was one.
func killMarked(mark []byte) (found bool) {
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is a good one
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil || pid == os.Getpid() {
			continue
		}
		p, err := os.FindProcess(pid) // holds on to this one, whoever gets its number later
		if err != nil {
			continue
		}
		variables, err := os.ReadFile(filepath.Join(folder, "environ"))
		if err == nil && slices.ContainsFunc(bytes.Split(variables, []byte{0}), func(v []byte) bool { return bytes.Equal(v, mark) }) && p.Kill() == nil {
			found = true
		}
		_ = p.Release() // there is nothing to wait for: it is no child of this process
	}
	return found
}
