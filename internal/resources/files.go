package resources

import (
	"runtime"

	"reseal/control"
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

// Files is what a process may have open, dealt out.
type Files struct {
	Limit       int64 // of the system; 0 = none known
	Report      int   // files of the report that are read at once, at least 1
	Connections int   // at least 2; 0 = any number
}

// dealFiles deals out what may be open to a run that would like to read so many
// files of the report at once. Each of them may be in a download, which takes a
// file and a connection. What is left is for requests.
func dealFiles(limit int64, wanted int) Files {
	if limit <= 0 {
		return Files{Report: wanted}
	}
	free := limit - ownFiles - stateFiles - sideConnections
	b := Files{Limit: limit, Report: int(min(int64(wanted), max(1, free/8)))}
	free -= 2 * int64(b.Report)
	free -= free / spareShare
	b.Connections = int(min(4*control.MaxConcurrency, max(2, free)))
	return b
}

// Slots is how many requests are in flight at most: half of the connections, as
// others lie idle.
func (b Files) Slots() int {
	if b.Connections == 0 {
		return control.MaxConcurrency
	}
	return min(control.MaxConcurrency, b.Connections/2)
}

// FileRoom is the budget of this process. It raises the process's limit as far as the
// system permits.
func FileRoom() Files { return dealFiles(raiseFileLimit(), readAtOnce()) }

// readAtOnce is how many report files are read at once where the memory allows
// it, of which the reader knows more: enough to spread the load over key prefixes
// and to use the cores.
func readAtOnce() int { return min(2*runtime.GOMAXPROCS(0), 16) }
