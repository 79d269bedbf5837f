package batchops

import (
	"fmt"
	"strings"

	"reseal/plan"
)

// SelectionError says that a job selects objects by what no file of S3 Batch
// Operations shows: their tags, or what the inventory report does not say of one.
type SelectionError struct {
	Tags    []string // that an object must have
	Filters []string // options that the report leaves open for an object
	Key     string   // of that object
}

// Error names the options and says why that cannot be.
func (e *SelectionError) Error() string {
	if len(e.Tags) > 0 {
		return fmt.Sprintf("objects are selected by --tag %s, and S3 Batch Operations shows no tags: whether it took others, too, cannot be told", strings.Join(e.Tags, " --tag "))
	}
	return fmt.Sprintf("objects are selected by %s, and the inventory report does not say that of %q: only a look tells, which S3 Batch Operations does not take", strings.Join(e.Filters, " and "), e.Key)
}

// CheckSelection refuses options by which a row of a report alone does not tell
// whether its object is selected. Prefixes and patterns are about the key, which every
// report has, and a job has one instant that ages count from; checkRow is about the
// rest. The error is a *SelectionError.
func CheckSelection(o *plan.Options) error {
	if len(o.Tags) > 0 {
		return &SelectionError{Tags: o.Tags}
	}
	return nil
}

// checkRow refuses a task of which the report does not tell whether it is selected. The
// error is a *SelectionError.
func checkRow(o *plan.Options, t *plan.Task) error {
	if filters := o.Unsure(&t.Record); filters != nil {
		return &SelectionError{Filters: filters, Key: t.Record.Key}
	}
	return nil
}
