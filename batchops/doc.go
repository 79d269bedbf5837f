// Package batchops turns tasks into manifests and job requests of S3 Batch
// Operations, and completion reports of its jobs into results.
package batchops
