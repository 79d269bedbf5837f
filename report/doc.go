// Package report turns plans and results into what people and programs read:
// result lines in JSON, their sums, CSV in the columns of an S3 Batch Operations
// completion report, text for a terminal, and one self-contained HTML page.
//
// Text, JSON and HTML of the same thing are made from the same values and use
// the same words. Everything that comes from outside (keys, error codes) is
// bounded in number and escaped for where it goes.
package report
