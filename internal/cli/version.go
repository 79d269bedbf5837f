package cli

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// VersionOf is the version that the linker was told, else that of the module, else
// the commit that was built, with "+dirty" where files differed from it. The last is
// for programs whose build recorded nothing, such as those of go test.
func VersionOf(told string, info *debug.BuildInfo) string {
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

// VersionText is the answer to --version: the version, and in brackets what else is
// known of the build.
func VersionText(told string, info *debug.BuildInfo) string {
	if info == nil {
		return VersionOf(told, nil)
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
	return VersionOf(told, info) + " (" + strings.Join(words, ", ") + ")"
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
