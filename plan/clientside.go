package plan

import "slices"

// clientMetadata are names of user metadata in which the S3 Encryption Client keeps
// what it needs to read an object, in the formats V1 to V3 (awslabs,
// aws-encryption-sdk-specification, s3-encryption/data-format/content-metadata.md, read
// 2026-11-29). One that keeps all of it in an instruction file beside the object shows
// nothing.
var clientMetadata = []string{"x-amz-key", "x-amz-key-v2", "x-amz-c", "x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg"}

// ClientEncrypted tells whether a client encrypted the object before it was uploaded.
func (h *Head) ClientEncrypted() bool {
	return slices.ContainsFunc(clientMetadata, func(name string) bool { _, has := h.Metadata[name]; return has })
}
