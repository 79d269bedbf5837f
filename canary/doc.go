// Package canary turns the tasks of a run into the few objects that are tried
// first: some of every kind that the report shows, always the same ones.
package canary
