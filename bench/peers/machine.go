package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// pinned puts a command on one core, where that can be.
func pinned(core int, args ...string) []string {
	if taskset, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > core {
		return append([]string{taskset, "-c", strconv.Itoa(core)}, args...)
	}
	return args
}

// dials returns how many TCP connections this machine has opened, 0 where it
// does not say.
func dials() int64 {
	text, _ := os.ReadFile("/proc/net/snmp")
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		n, _ := strconv.ParseInt(fields[slices.Index(names, "ActiveOpens")], 10, 64)
		return n
	}
	return 0
}

func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return fmt.Sprintf("%s, %d cores", strings.TrimSpace(value), runtime.NumCPU())
		}
	}
	return fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
