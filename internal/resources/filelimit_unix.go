//go:build unix

package resources

import "syscall"

// raiseFileLimit raises how many files and connections this process may have open
// as far as the system permits, and returns that; 0 where it is not known.
func raiseFileLimit() int64 {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	if raised := (syscall.Rlimit{Cur: l.Max, Max: l.Max}); l.Cur < l.Max && syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
		l.Cur = l.Max
	}
	return int64(min(uint64(l.Cur), 1<<40)) // some systems have no limit
}
