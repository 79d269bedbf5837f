// Package front turns HTTP requests in the protocols of Amazon S3, KMS, Service
// Quotas and STS into calls of the simulator core, and its answers back into
// HTTP.
package front
