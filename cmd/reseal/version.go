package main

import (
	"runtime/debug"

	"reseal/internal/cli"
)

// version is set by the release build with -ldflags "-X main.version=1.2.3"; what a
// build without it is called, programVersion finds out.
var version string

// programVersion is the version of this program, one word that fits in a User-Agent.
func programVersion() string {
	info, _ := debug.ReadBuildInfo()
	return cli.VersionOf(version, info)
}
