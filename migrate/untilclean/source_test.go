package untilclean

import (
	"path/filepath"
	"testing"
)

// The folder of a report is the one that its successors come into, whatever of it is
// named.
func TestFolderOfAReport(t *testing.T) {
	dir := t.TempDir()
	for manifest, want := range map[string]string{
		"s3://reports/media/":                                "s3://reports/media/",
		"s3://reports/media/2026-11-20T01-00Z/manifest.json": "s3://reports/media/",
		"s3://reports/2026-11-20T01-00Z/manifest.json":       "s3://reports/",
		dir: dir,
		filepath.Join(dir, "2026-11-20T01-00Z", "manifest.json"): dir,
	} {
		if got := folderOf(manifest); got != want {
			t.Errorf("folderOf(%s) = %s, want %s", manifest, got, want)
		}
	}
}
