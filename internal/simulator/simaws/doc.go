// Package simaws turns a population or a report into a simulated AWS account that
// serves at a local address: a KMS key, identities, buckets and their reports.
//
// [New] makes the account, [Account.Populate] and [Account.Load] fill it, and
// [Account.Serve] answers. [Account.Environment] is what an S3 client needs to
// reach it. [Traffic] is what others in the account do meanwhile.
package simaws
