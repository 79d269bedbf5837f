// Package s3api turns tasks into requests to S3, and answers into effects and
// classed errors. It is the only package that knows the AWS SDK, the error
// codes of S3 and KMS, and what a copy carries over by itself.
//
// It neither paces nor repeats the requests of a task: each is one call of the
// gate it is given. What a preflight reads outside of tasks (bucket facts, the
// key, a quota, the report itself) is few requests, and there the SDK's own
// three attempts stay on.
package s3api
