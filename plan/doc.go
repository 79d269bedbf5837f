// Package plan decides, for each inventory record, what must be done to the
// object and which requests that will take.
//
// It is pure: no clock, no network, no files. The same record, options and
// bucket facts give the same decision in a dry run, in the run, and in a resume
// three nights later.
package plan
