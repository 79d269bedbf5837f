package reseal_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// changeKinds are the sections of a version that Keep a Changelog 1.1.0 knows.
var changeKinds = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

// versionHeading is the heading of what is not released yet, or of a version and its day.
var versionHeading = regexp.MustCompile(`^## \[(?:(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\] - (\d{4}-\d\d-\d\d)$|Unreleased\]$)`)

// TestChangelog demands the form of Keep a Changelog: what is not released yet comes
// first, each version has its day, the newest first, and each change stands in a section.
func TestChangelog(t *testing.T) {
	text, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range changelogProblems(string(text)) {
		t.Error(problem)
	}
	for name, wrong := range map[string]string{
		"no version":      "# Changelog\n- a\n",
		"not first":       "# Changelog\n## [1.0.0] - 2026-12-01\n### Added\n- a\n",
		"no section":      "# Changelog\n## [Unreleased]\n- a\n",
		"unknown section": "# Changelog\n## [Unreleased]\n### New\n- a\n",
		"section twice":   "# Changelog\n## [Unreleased]\n### Added\n- a\n### Added\n- b\n",
		"empty section":   "# Changelog\n## [Unreleased]\n### Added\n### Fixed\n- b\n",
		"no day":          "# Changelog\n## [Unreleased]\n## [1.0.0]\n### Added\n- a\n",
		"older first":     "# Changelog\n## [Unreleased]\n## [1.0.0] - 2026-12-01\n### Added\n- a\n## [1.1.0] - 2026-12-02\n### Added\n- a\n",
	} {
		if changelogProblems(wrong) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func changelogProblems(text string) (problems []string) {
	const today = "9999-12-31"
	version, section, changes, day := "", "", 0, today
	var sections []string
	say := func(what, line string) { problems = append(problems, "CHANGELOG.md: "+what+": "+line) }
	ended := func(line string) {
		if section != "" && changes == 0 {
			say("a section without changes before", line)
		}
		section, changes = "", 0
	}
	for line := range strings.Lines(text + "\n## end\n") {
		line = strings.TrimSuffix(line, "\n")
		switch kind, isKind := strings.CutPrefix(line, "### "); {
		case line == "## end":
			ended("its end")
		case strings.HasPrefix(line, "## "):
			ended(line)
			m := versionHeading.FindStringSubmatch(line)
			if m == nil {
				say("want ## [Unreleased], or ## [1.2.3] - 2026-12-31", line)
				continue
			}
			if (m[1] == "") != (version == "") {
				say("what is not released comes first, once", line)
			}
			if _, err := time.Parse(time.DateOnly, m[2]); m[1] != "" && (err != nil || m[2] > day) {
				say("want days, the newest first", line)
			}
			if version, sections = line, nil; m[1] != "" {
				day = m[2]
			}
		case isKind:
			ended(line)
			if !slices.Contains(changeKinds, kind) || slices.Contains(sections, kind) {
				say("want one section each of "+strings.Join(changeKinds, ", "), line)
			}
			section, sections = kind, append(sections, kind)
		case strings.HasPrefix(line, "- "):
			if section == "" {
				say("a change outside of a section", line)
			}
			changes++
		}
	}
	if version == "" {
		say("no version", "")
	}
	return problems
}
