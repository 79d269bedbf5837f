// Package keystub stands in for a key server of the KES kind, so that tests can
// see what an S3 server does whose key server denies, dawdles or throttles. It
// keeps no secrets: its keys are their names.
package keystub
