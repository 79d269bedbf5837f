package main

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// version is set by the release build with -ldflags "-X main.version=1.2.3"; what a
// build without it is called, programVersion finds out.
var version string

// programVersion is the version of this program, one word that fits in a User-Agent.
func programVersion() string {
	info, _ := debug.ReadBuildInfo()
	return versionOf(version, info)
}

// versionOf is the version that the linker was told, else that of the module, else
// the commit that was built, with "+dirty" where files differed from it. The last is
// for programs whose build recorded nothing, such as those of go test.
func versionOf(told string, info *debug.BuildInfo) string {
	if told != "" {
		return told
	}
	if info == nil {
		return "devel-unknown-commit"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	v := "devel-" + cmp.Or(shortCommit(info), "unknown-commit")
	if setting(info, "vcs.modified") == "true" {
		v += "+dirty"
	}
	return v
}

// versionText is the answer to --version: the version, and in brackets what else is
// known of the build.
func versionText(told string, info *debug.BuildInfo) string {
	if info == nil {
		return versionOf(told, nil)
	}
	var words []string
	if commit := shortCommit(info); commit != "" {
		words = append(words, "commit "+commit)
	}
	if setting(info, "vcs.modified") == "true" {
		words = append(words, "with changes")
	}
	if at := setting(info, "vcs.time"); at != "" {
		words = append(words, at)
	}
	words = append(words, info.GoVersion, setting(info, "GOOS")+"/"+setting(info, "GOARCH"))
	return versionOf(told, info) + " (" + strings.Join(words, ", ") + ")"
}

// shortCommit is the commit that was built, "" where that is not known.
func shortCommit(info *debug.BuildInfo) string {
	commit := setting(info, "vcs.revision")
	return commit[:min(len(commit), 12)]
}

// setting is what the build recorded under a key, "" for nothing.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
