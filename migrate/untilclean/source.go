package untilclean

import (
	"path"
	"path/filepath"
	"strings"

	"reseal/internal/connect"
	"reseal/job"
)

// folderOf is the folder that has a report and its successors, by what is named.
func folderOf(manifest string) string {
	if connect.IsFolder(manifest) {
		return manifest
	}
	if job.InBucket(manifest) {
		bucket, name, _ := strings.Cut(strings.TrimPrefix(manifest, "s3://"), "/")
		return "s3://" + bucket + "/" + strings.TrimPrefix(path.Dir(path.Dir(name))+"/", "./")
	}
	return filepath.Dir(filepath.Dir(manifest))
}
