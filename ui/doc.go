// Package ui turns the state of a job into a live page for a browser: one
// self-contained page that only looks. It changes nothing, and it sends nothing to S3
// beyond what its Source reads.
package ui
