//go:build !unix

package job

// mayWrite returns nil: making the first file tells.
func mayWrite(string) error { return nil }
