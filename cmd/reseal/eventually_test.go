package main

import (
	"net"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// eventuallyCmd runs a command until its output matches, for a minute at most:
//
//	eventually PATTERN COMMAND [ARGS...]
func eventuallyCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: eventually PATTERN COMMAND [ARGS...]")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var out string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := ts.Exec(args[1], args[2:]...); err != nil {
			continue // it may not be there yet
		}
		out = ts.ReadFile("stdout")
		if want.MatchString(out) {
			return
		}
	}
	ts.Fatalf("a minute later %q does not match what it says:\n%s", args[0], out)
}

// quietCmd checks that the simulator commits no copy for a while: quiet 200ms.
func quietCmd(ts *testscript.TestScript, neg bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	sim := sceneOf(ts).sim
	for last, deadline := sim.Copies(), time.Now().Add(time.Minute); ; {
		time.Sleep(d)
		now := sim.Copies()
		if now == last {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("a minute later the simulator still commits copies")
		}
		last = now
	}
}

// leftoverCmd leaves a socket as a crashed process does: leftover PATH
func leftoverCmd(ts *testscript.TestScript, neg bool, args []string) {
	name := ts.MkAbs(args[0])
	ln, err := net.Listen("unix", name)
	ts.Check(err)
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	ts.Check(ln.Close())
}
