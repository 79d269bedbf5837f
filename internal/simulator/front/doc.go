// Package front turns HTTP requests in the protocols of Amazon S3, KMS, Service
// Quotas, CloudWatch and STS into calls of the simulator core, and its answers back into
// HTTP.
//
// A [Front] is an http.Handler; [Front.Serve] and [Front.ServeTLS] run it on a
// listener, the latter with a [Certificate] made on the spot. All services share
// the one address: the service in a request's credential scope tells them apart.
// Requests are signed with Signature Version 4, in headers or in the query, by
// one of the identities of [Config], or anonymous; signatures, payload hashes,
// signed chunks and trailing checksums are verified. Buckets are named in the
// path or in the host. Keys are taken as they come, with "//", "." and "..".
//
// The core is a state machine that is not safe for concurrent use. The front
// holds one lock round each of its calls, and none while it sleeps, reads a
// body or writes an answer. A copy reads its source in one call and commits in
// another, after the latency of [Latency]; other clients' requests come between,
// as they do at S3.
//
// Bodies up to simulator.Config.MaxKeptBody are kept in memory, larger ones in the
// files of Config.BodyFolder. Where there is no folder, or a body is above
// Config.MaxBody, the answer is 400 EntityTooLarge: never are other bytes read back.
//
// Bucket policies are stored as they come; what they allow is for
// simulator.Config.Authorize to say, and without it everything is allowed.
//
// What S3 has and this has not is answered with 501 NotImplemented. Beyond that
// it differs from S3 in these points: Signature Version 2 is refused; DeleteObjects
// counts as so many DeleteObject calls; ListBuckets and the list of inventory
// configurations have one page; answers are never padded with white space while
// a long copy runs.
//
// # Reports
//
// [Fill] fills a bucket with the objects that the rows of an inventory report
// name. [WriteInventory] writes a report
// of a bucket, into a [Folder] or, by a [BucketDepot], into a bucket.
//
// # Control plane
//
// Requests under /_simulator/ steer the simulator. They are not signed, and
// answered only for clients on the same machine that are no web pages. Bodies
// and answers are JSON; 204 means done, 400 comes with {"error": …}.
//
//	GET    counters                    calls by operation, status and code; KMS calls; throttles ([Counters])
//	DELETE counters                    start counting anew
//	POST   faults                      add a rule ([FaultRule]); answers {"id": n}
//	GET    faults?id=n                 {"hits": n}
//	DELETE faults?id=n                 remove a rule
//	POST   keys                        add or replace a KMS key (simulator.Key)
//	PUT    keys?arn=…&state=Disabled   set the state of a key
//	PUT    quotas                      {"kms": n, "s3_writes": n, "s3_reads": n} a second, 0 without limit
//	PUT    knobs                       play another server (simulator.Knobs)
//	GET    digest?bucket=…             SHA-256 over all that clients can see of a bucket
//	GET    rewrites?bucket=…[&key=…]   committed writes of a key, or how many keys have how many
//	POST   populate?bucket=…           add generated objects (simulator.Population)
//	POST   inventory?bucket=…&destination=…[&prefix=…][&id=…][&versions=current][&rows_per_file=n]
//	                                   deliver an inventory report; answers {"manifest": "s3://…"}
package front
