// Package selfcheck asks one account, on scratch objects of its own, whether
// S3 and KMS behave as reseal believes, and what AWS does not document.
package selfcheck
