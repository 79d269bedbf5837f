package options

import (
	"regexp"
	"strings"

	"reseal/internal/cli"
)

// bucketForm is what S3 takes for the name of a bucket, old ones included (S3 User
// Guide, bucketnamingrules, read 2026-11-29). Access points and directory buckets are
// told apart later, with words of their own.
var bucketForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{1,}[A-Za-z0-9]$`)

// bucketARN is what goes before the name of a bucket in its ARN, in any partition.
var bucketARN = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::`)

// BucketName makes of what --bucket was given the name of the bucket: people write it
// as s3://NAME/ and as an ARN, too. "" stays.
func BucketName(given string) (string, error) {
	bare := strings.TrimSuffix(bucketARN.ReplaceAllString(strings.TrimPrefix(given, "s3://"), ""), "/")
	switch bucket, key, more := strings.Cut(bare, "/"); {
	case given == "", strings.HasPrefix(bare, "arn:"): // of an access point, say
	case more && key != "":
		return "", cli.Usagef("--bucket %q: want the name of a bucket alone, such as %s", given, bucket)
	case !bucketForm.MatchString(bare):
		return "", cli.Usagef("--bucket %q: no bucket can have this name", given)
	}
	return bare, nil
}
