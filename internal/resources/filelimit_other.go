//go:build !unix

package resources

// raiseFileLimit returns 0: this system has no such limit.
func raiseFileLimit() int64 { return 0 }
