// Package checkpoint turns outcomes into state that survives a crash.
//
// A Journal is told what happened to each row of an inventory report and
// writes it, when asked to Flush, to a Store: result lines first, then one
// small state file a segment. After a crash at any instant, Open finds a state
// that claims no more than what was said and no less than what was flushed:
// work may be repeated, never skipped, and result lines are neither lost nor
// doubled. docs/resume.md specifies the format and gives the argument.
//
// Nothing is held per row: a segment that nobody works on takes a few dozen
// bytes of memory, whatever happened to its rows.
//
// The package knows rows and segments. It does not know what is done to an
// object.
package checkpoint
