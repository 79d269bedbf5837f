//go:build !unix

package main

// heedFileLimit does nothing where files have no limit.
func heedFileLimit() {}
