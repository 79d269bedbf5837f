// Package list turns a campaign file into the buckets of a campaign, and back. The file
// is YAML, made by a survey and edited by a person:
//
//	format: reseal-campaign/1
//	buckets:
//	  - name: media
//	    region: eu-west-1
//	    account: "111122223333"
//	    role: arn:aws:iam::111122223333:role/reseal
//	    manifest: s3://reports/media/daily/
//	    sse-kms-key-id: KEY_ARN
//	    prefix: [films/]
//	    include: true # under SSE-S3
//
// Fields that are also options have the option's name. What a comment says behind
// include is the reason; nothing goes by it.
//
// A file may be anybody's. Read takes none above 8 MiB or with more than 20,000 buckets.
// It refuses fields that it does not know, one that stands twice, anchors and aliases,
// a second document, and values that could not be what they stand for. An error names
// the line.
package list
