package batchops

import (
	"fmt"
	"strings"

	"reseal/plan"
)

// SelectionError says that a job selects objects by what no file of S3 Batch
// Operations shows: their tags.
type SelectionError struct {
	Tags []string // that an object must have
}

// Error names the tags and says why that cannot be.
func (e *SelectionError) Error() string {
	return fmt.Sprintf("objects are selected by --tag %s, and S3 Batch Operations shows no tags: whether it took others, too, cannot be told", strings.Join(e.Tags, " --tag "))
}

// CheckSelection refuses options by which a row of a report alone does not tell
// whether its object is selected. Prefixes, patterns, sizes, ages and classes are in
// the report, and a job has one instant that ages count from. The error is a
// *SelectionError.
func CheckSelection(o *plan.Options) error {
	if len(o.Tags) > 0 {
		return &SelectionError{o.Tags}
	}
	return nil
}
