package simulator

import "strings"

// Op is an operation by its AWS name.
type Op string

// The operations that are counted, and that faults can name.
const (
	OpCreateBucket           Op = "CreateBucket"
	OpDeleteBucket           Op = "DeleteBucket"
	OpHeadBucket             Op = "HeadBucket"
	OpGetBucketLocation      Op = "GetBucketLocation"
	OpListBuckets            Op = "ListBuckets"
	OpPutBucketVersioning    Op = "PutBucketVersioning"
	OpGetBucketVersioning    Op = "GetBucketVersioning"
	OpPutBucketEncryption    Op = "PutBucketEncryption"
	OpGetBucketEncryption    Op = "GetBucketEncryption"
	OpDeleteBucketEncryption Op = "DeleteBucketEncryption"
	OpPutObjectLockConfig    Op = "PutObjectLockConfiguration"
	OpGetObjectLockConfig    Op = "GetObjectLockConfiguration"
	OpPutOwnershipControls   Op = "PutBucketOwnershipControls"
	OpGetOwnershipControls   Op = "GetBucketOwnershipControls"
	OpDelOwnershipControls   Op = "DeleteBucketOwnershipControls"
	OpPutRequestPayment      Op = "PutBucketRequestPayment"
	OpGetRequestPayment      Op = "GetBucketRequestPayment"
	OpPutBucketConfig        Op = "PutBucketConfig" // any of the opaque documents
	OpGetBucketConfig        Op = "GetBucketConfig"
	OpDeleteBucketConfig     Op = "DeleteBucketConfig"
	OpListBucketConfigs      Op = "ListBucketConfigs"
	OpGetBucketAcl           Op = "GetBucketAcl"
	OpPutBucketAcl           Op = "PutBucketAcl"

	OpGetPublicAccessBlock        Op = "GetPublicAccessBlock"
	OpPutPublicAccessBlock        Op = "PutPublicAccessBlock"
	OpDeletePublicAccessBlock     Op = "DeletePublicAccessBlock"
	OpGetAccountPublicAccessBlock Op = "GetAccountPublicAccessBlock"
	OpPutAccountPublicAccessBlock Op = "PutAccountPublicAccessBlock"
	OpGetBucketPolicyStatus       Op = "GetBucketPolicyStatus"
	OpListAccessPoints            Op = "ListAccessPoints"

	OpPutObject              Op = "PutObject"
	OpGetObject              Op = "GetObject"
	OpHeadObject             Op = "HeadObject"
	OpGetObjectAttributes    Op = "GetObjectAttributes"
	OpCopyObject             Op = "CopyObject"
	OpDeleteObject           Op = "DeleteObject"
	OpUpdateObjectEncryption Op = "UpdateObjectEncryption"
	OpGetObjectTagging       Op = "GetObjectTagging"
	OpPutObjectTagging       Op = "PutObjectTagging"
	OpDeleteObjectTagging    Op = "DeleteObjectTagging"
	OpGetObjectAcl           Op = "GetObjectAcl"
	OpPutObjectAcl           Op = "PutObjectAcl"
	OpGetObjectRetention     Op = "GetObjectRetention"
	OpPutObjectRetention     Op = "PutObjectRetention"
	OpGetObjectLegalHold     Op = "GetObjectLegalHold"
	OpPutObjectLegalHold     Op = "PutObjectLegalHold"
	OpRestoreObject          Op = "RestoreObject"
	OpGetObjectAnnotation    Op = "GetObjectAnnotation"
	OpPutObjectAnnotation    Op = "PutObjectAnnotation"
	OpDeleteObjectAnnotation Op = "DeleteObjectAnnotation"
	OpListObjectAnnotations  Op = "ListObjectAnnotations"

	OpCreateMultipartUpload   Op = "CreateMultipartUpload"
	OpUploadPart              Op = "UploadPart"
	OpUploadPartCopy          Op = "UploadPartCopy"
	OpCompleteMultipartUpload Op = "CompleteMultipartUpload"
	OpAbortMultipartUpload    Op = "AbortMultipartUpload"
	OpListParts               Op = "ListParts"
	OpListMultipartUploads    Op = "ListMultipartUploads"
	OpListObjects             Op = "ListObjectsV2"
	OpListObjectVersions      Op = "ListObjectVersions"

	OpDescribeKey     Op = "DescribeKey"
	OpListAliases     Op = "ListAliases"
	OpListKeys        Op = "ListKeys"
	OpGenerateDataKey Op = "GenerateDataKey"
	OpDataKeyAlone    Op = "GenerateDataKeyWithoutPlaintext"
	OpEncrypt         Op = "Encrypt"
	OpDecrypt         Op = "Decrypt"
	OpGetKeyPolicy    Op = "GetKeyPolicy"
	OpCreateGrant     Op = "CreateGrant"
	OpListGrants      Op = "ListGrants"
	OpRevokeGrant     Op = "RevokeGrant"
	OpPutKeyPolicy    Op = "PutKeyPolicy"
	OpGetServiceQuota Op = "GetServiceQuota"
	OpGetMetricData   Op = "GetMetricData"

	OpListServiceQuotas Op = "ListServiceQuotas"
)

// direction says which S3 request quota a request takes from.
type direction int

const (
	neither direction = iota
	reading
	writing
)

// direction follows the S3 User Guide, optimizing-performance (read 2026-11-21): PUT, COPY, POST and DELETE share one
// rate, GET and HEAD another. Requests on buckets are left out.
func (o Op) direction() direction {
	switch o {
	case OpPutObject, OpCopyObject, OpDeleteObject, OpUpdateObjectEncryption, OpPutObjectTagging,
		OpDeleteObjectTagging, OpPutObjectAcl, OpPutObjectRetention, OpPutObjectLegalHold, OpRestoreObject,
		OpPutObjectAnnotation, OpDeleteObjectAnnotation, OpCreateMultipartUpload, OpUploadPart, OpUploadPartCopy,
		OpCompleteMultipartUpload, OpAbortMultipartUpload:
		return writing
	case OpGetObject, OpHeadObject, OpGetObjectAttributes, OpGetObjectTagging, OpGetObjectAcl, OpGetObjectRetention, OpGetObjectLegalHold,
		OpGetObjectAnnotation, OpListObjectAnnotations, OpListParts, OpListObjects, OpListObjectVersions,
		OpListMultipartUploads:
		return reading
	}
	return neither
}

// writesObject tells the writes whose attributes policies can ask about. Parts have those that their upload began with:
// they carry no encryption headers, and AWS's own examples of policies that demand them are used with multipart uploads.
func (o Op) writesObject() bool {
	switch o {
	case OpPutObject, OpCopyObject, OpCreateMultipartUpload, OpUploadPart, OpUploadPartCopy, OpCompleteMultipartUpload:
		return true
	}
	return false
}

// versionAction is the IAM action that a request needs in place of action() where it names a version, "" where there is
// no such difference (S3 User Guide, using-with-s3-policy-actions, read 2026-11-21). Those requests ask for themselves.
func (o Op) versionAction() string {
	switch o {
	case OpGetObject, OpHeadObject, OpGetObjectAttributes:
		return "s3:GetObjectVersion"
	case OpDeleteObject, OpGetObjectTagging, OpPutObjectTagging, OpDeleteObjectTagging, OpGetObjectAcl, OpPutObjectAcl:
		return strings.Replace("s3:"+string(o), "Object", "ObjectVersion", 1)
	}
	return ""
}

// action is the IAM action a request needs first (S3 User Guide, using-with-s3-policy-actions, read 2026-11-21).
func (o Op) action() string {
	switch o {
	case OpPutObject, OpCopyObject, OpCreateMultipartUpload, OpUploadPart, OpUploadPartCopy,
		OpCompleteMultipartUpload:
		return "s3:PutObject"
	case OpGetObject, OpHeadObject, OpGetObjectAttributes:
		return "s3:GetObject"
	case OpHeadBucket, OpListObjects:
		return "s3:ListBucket"
	case OpListObjectVersions:
		return "s3:ListBucketVersions"
	case OpListParts:
		return "s3:ListMultipartUploadParts"
	case OpListMultipartUploads:
		return "s3:ListBucketMultipartUploads"
	case OpPutBucketEncryption, OpDeleteBucketEncryption:
		return "s3:PutEncryptionConfiguration"
	case OpGetBucketEncryption:
		return "s3:GetEncryptionConfiguration"
	case OpPutObjectLockConfig:
		return "s3:PutBucketObjectLockConfiguration"
	case OpGetObjectLockConfig:
		return "s3:GetBucketObjectLockConfiguration"
	case OpGetPublicAccessBlock:
		return "s3:GetBucketPublicAccessBlock"
	case OpPutPublicAccessBlock, OpDeletePublicAccessBlock:
		return "s3:PutBucketPublicAccessBlock"
	case OpPutBucketConfig, OpGetBucketConfig, OpDeleteBucketConfig, OpListBucketConfigs:
		return "" // asked per kind
	}
	return "s3:" + string(o)
}
