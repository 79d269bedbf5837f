// Package iam turns requests to IAM and STS into users, roles, their policies,
// and the credentials that requests are signed with.
//
// It covers what it takes to set up somebody who works with encrypted buckets:
// users with access keys, roles with paths and trust policies, managed and
// inline policies, AssumeRole. Groups, permission boundaries, session policies
// and deletions are outside of it. The rules are those of the IAM and the STS
// API Reference, from memory: no page was read again.
package iam
