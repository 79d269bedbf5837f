package main

import (
	"fmt"

	"reseal/control"
	"reseal/report"
)

// What a run needs open besides the connections of its requests.
const (
	// ownFiles are the standard streams, log, lock, sockets, the poller, and what
	// the libraries open for a moment: resolver, certificates, credentials.
	ownFiles = 24

	// stateFiles are written at the same time at most, each with its folder: state
	// of segments and result files (checkpoint flushes them one after the other).
	stateFiles = 8

	// sideConnections are of requests that no slot is taken for: the endpoint asked
	// whether it is there, credentials, KMS, CloudWatch, a scrape, an operator.
	sideConnections = 8

	// spareShare of what is left stays free: connections that were closed are open
	// in the system's eyes a little longer.
	spareShare = 8
)

// fileBudget is what a process may have open, dealt out.
type fileBudget struct {
	limit       int64 // of the system; 0 = none known
	report      int   // files of the report that are read at once
	connections int   // 0 = any number
}

// dealFiles deals out what may be open to a run that would like to read so many
// files of the report at once. Each of them may be in a download, which takes a
// file and a connection. What is left is for requests.
func dealFiles(limit int64, wanted int) fileBudget {
	if limit <= 0 {
		return fileBudget{report: wanted}
	}
	free := limit - ownFiles - stateFiles - sideConnections
	b := fileBudget{limit: limit, report: int(min(int64(wanted), max(1, free/8)))}
	free -= 2 * int64(b.report)
	free -= free / spareShare
	b.connections = int(min(4*control.MaxConcurrency, max(2, free)))
	return b
}

// slots is how many requests are in flight at most: half of the connections, as
// others lie idle.
func (b fileBudget) slots() int {
	if b.connections == 0 {
		return control.MaxConcurrency
	}
	return min(control.MaxConcurrency, b.connections/2)
}

// fileRoom is the budget of this process.
func fileRoom() fileBudget { return dealFiles(raiseFileLimit(), openFiles()) }

// note says that the limit binds, where it does.
func (b fileBudget) note(wanted int) string {
	if b.slots() >= wanted {
		return ""
	}
	return fmt.Sprintf("this process may have %s and connections open (ulimit -n): at most %s in flight, not %s",
		report.Plural(b.limit, "file"), report.Plural(int64(b.slots()), "request"), report.Count(int64(wanted)))
}
