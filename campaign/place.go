package campaign

import (
	"fmt"
	"slices"
	"strings"

	"reseal/campaign/list"
	"reseal/checkpoint"
	"reseal/job"
)

// JobOf is the name of a bucket's job in the campaign of that name.
func JobOf(campaign, bucket string) string { return job.Below(campaign, folderOf(bucket)) }

// asidePrefix is before the folder of a bucket that is called as something of the
// campaign's own. No bucket's name begins with it.
const asidePrefix = "_"

// folderOf is the folder of a bucket's job: its name, unless the campaign keeps something
// else under that. Some file systems do not tell capitals apart.
func folderOf(bucket string) string {
	own := append(checkpoint.OwnNames(), File, job.PlanFile)
	if slices.Contains(own, strings.ToLower(bucket)) {
		return asidePrefix + bucket
	}
	return bucket
}

// Apart refuses buckets whose jobs could not lie beside each other: of one name in two
// partitions, or of names that a file system may take for one.
func Apart(buckets []list.Bucket) error {
	seen := map[string]string{}
	for i := range buckets {
		name := buckets[i].Name
		folded := strings.ToLower(name)
		if other, twice := seen[folded]; twice {
			return fmt.Errorf("buckets %s and %s would have their jobs in one folder: make a campaign of its own for one of them", other, name)
		}
		seen[folded] = name
	}
	return nil
}
