// Package policy reads policy documents of S3 buckets, KMS keys and IAM
// identities, and tells whether they allow a request.
//
// It is pure: no network, no clock, no files. It covers what matters to
// encrypted buckets; what it cannot know it answers with Maybe, never with a
// guess: sessions of a role whose path is not known, users that are named by a
// canonical id, sessions that a federated identity may have vouched for,
// NotPrincipal that names only some of account, role and session. Grants,
// permission boundaries, session policies, service control policies and access
// points are outside of it.
//
// The rules are those of the IAM User Guide ("Policy evaluation logic", "JSON
// policy element reference"), the S3 User Guide ("Bucket policies", "Policy
// actions, resources and condition keys for Amazon S3") and the KMS Developer
// Guide ("Key policies"), read 2026-11-21.
package policy
