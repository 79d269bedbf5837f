package cli

import (
	"runtime/debug"
	"testing"
)

// build is what a build recorded: the version of the module, and pairs of settings.
func build(module string, settings ...string) *debug.BuildInfo {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: module}}
	for i := 0; i < len(settings); i += 2 {
		info.Settings = append(info.Settings, debug.BuildSetting{Key: settings[i], Value: settings[i+1]})
	}
	return info
}

func TestVersion(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	git := []string{"GOOS", "linux", "GOARCH", "arm64", "vcs.revision", commit, "vcs.time", "2026-11-29T20:00:00Z", "vcs.modified"}
	clean, dirty := append(git, "false"), append(git[:len(git):len(git)], "true")
	for _, tt := range []struct {
		name, told string
		info       *debug.BuildInfo
		word, text string
	}{
		{"told by the linker", "1.2.3", build("v0.0.0-x", clean...), "1.2.3", "1.2.3 (commit 0123456789ab, 2026-11-29T20:00:00Z, go1.26.8, linux/arm64)"},
		{"told, nothing recorded", "1.2.3", nil, "1.2.3", "1.2.3"},
		{"version of the module", "", build("v1.2.4", "GOOS", "linux", "GOARCH", "amd64"), "v1.2.4", "v1.2.4 (go1.26.8, linux/amd64)"},
		{"commit", "", build("(devel)", clean...), "devel-0123456789ab", "devel-0123456789ab (commit 0123456789ab, 2026-11-29T20:00:00Z, go1.26.8, linux/arm64)"},
		{"commit with changes", "", build("", dirty...), "devel-0123456789ab+dirty",
			"devel-0123456789ab+dirty (commit 0123456789ab, with changes, 2026-11-29T20:00:00Z, go1.26.8, linux/arm64)"},
		{"no commit", "", build("(devel)", "GOOS", "linux", "GOARCH", "amd64"), "devel-unknown-commit", "devel-unknown-commit (go1.26.8, linux/amd64)"},
		{"nothing recorded", "", nil, "devel-unknown-commit", "devel-unknown-commit"},
	} {
		if word, text := VersionOf(tt.told, tt.info), VersionText(tt.told, tt.info); word != tt.word || text != tt.text {
			t.Errorf("%s: %q and %q, want %q and %q", tt.name, word, text, tt.word, tt.text)
		}
	}
}
