package main

import "reseal/internal/options"

// onlyBucket makes of what --bucket was given the name of the bucket.
func onlyBucket(name *string) (err error) {
	bare, err := options.BucketName(*name)
	if err == nil {
		*name = bare
	}
	return err
}
