// Package joblog opens the log of a job: a file, or for a job in a bucket what a person
// watches. A log that cannot be written stops no run.
package joblog
