// Package campaign turns the buckets of a list into ordinary jobs that are worked on as
// one: in an order, some beside each other, below one cap on KMS requests for each
// account and Region, for one amount of money.
//
// A campaign has a folder or prefix. The job of bucket media lies in media below it, and
// is a job like any other: all that was done stands there, and nowhere else. Beside the
// jobs lies campaign.json, which says which buckets there are, what each job was made of,
// and how its last run ended. Nothing goes by it but the refusal of an entry that changed
// since its job was made.
//
// The package knows neither flags nor services: who runs a bucket is given to Run.
package campaign
