package inventory

import (
	"net/url"
	"regexp"
	"strings"
)

// consoleHost is a host of the AWS console, in any partition.
var consoleHost = regexp.MustCompile(`^(?:[a-z0-9-]+\.)*console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)$`)

// s3Host is a host of S3. What stands before it is the name of a bucket.
var s3Host = regexp.MustCompile(`^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$`)

// objectARN is the ARN of a bucket or of an object.
var objectARN = regexp.MustCompile(`^arn:aws[a-z-]*:s3:::([^/*]+)(?:/(.*))?$`)

// fromARN reads the ARN of a bucket, a prefix or an object.
func fromARN(text string) (Location, bool) {
	m := objectARN.FindStringSubmatch(text)
	if m == nil {
		return Location{}, false
	}
	return Location{Bucket: m[1], Name: m[2]}, true
}

// fromWeb reads an address that a person copies from a browser: a page of the AWS
// console, or an object's own URL. A signature in it is left out.
func fromWeb(text string) (Location, bool) {
	u, err := url.Parse(text)
	if err != nil {
		return Location{}, false
	}
	host, name := strings.ToLower(u.Hostname()), strings.TrimPrefix(u.Path, "/")
	if consoleHost.MatchString(host) {
		for _, page := range []string{"s3/object/", "s3/buckets/"} {
			if bucket, is := strings.CutPrefix(name, page); is && bucket != "" && !strings.Contains(bucket, "/") {
				return Location{Bucket: bucket, Name: u.Query().Get("prefix")}, true
			}
		}
		return Location{}, false
	}
	m := s3Host.FindStringSubmatch(host)
	switch {
	case m == nil:
		return Location{}, false
	case m[1] != "":
		return Location{Bucket: m[1], Name: name}, true
	}
	bucket, key, _ := strings.Cut(name, "/")
	return Location{Bucket: bucket, Name: key}, bucket != ""
}
