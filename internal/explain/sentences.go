package explain

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"reseal/s3api"
)

// credentialWords say what is wrong with credentials that a service did not take, by
// the code of its answer.
var credentialWords = map[string]string{
	"SignatureDoesNotMatch":       "the secret access key does not belong to the access key id",
	"InvalidAccessKeyId":          "nobody has this access key id",
	"InvalidClientTokenId":        "nobody has this access key id",
	"UnrecognizedClientException": "nobody has this access key id",
	"InvalidToken":                "the session token is not valid",
	"InvalidSecurity":             "the session token is not valid",
	"ExpiredToken":                "they have expired",
	"ExpiredTokenException":       "they have expired",
	"TokenRefreshRequired":        "they have expired",
}

// sentence says in plain words what is wrong with the setup. What a service answered
// is no part of it.
func sentence(e *s3api.SetupError) string {
	bucket := bucketOf(e.Subject)
	switch e.Kind {
	case s3api.NoBucket:
		return "bucket " + bucket + " does not exist"
	case s3api.BucketOwner:
		return "bucket " + bucket + ": " + e.Err.Error()
	case s3api.WrongRegion:
		if e.Code != "" && e.Region != "" {
			return fmt.Sprintf("bucket %s is in Region %s, and was looked for in another", bucket, e.Region)
		}
		if e.Code != "" {
			return "bucket " + bucket + " is in another Region than it was looked for"
		}
	case s3api.BadCredential:
		if why := credentialWords[e.Code]; why != "" {
			return "the credentials were refused: " + why
		}
		return "the credentials were refused"
	case s3api.NoCredentials:
		return "there are no AWS credentials that could be used"
	case s3api.KeyUnknown:
		return fmt.Sprintf("KMS has no key %s in this account and Region", e.Subject)
	case s3api.KeyDisabled:
		return e.Subject + ": the key is disabled"
	case s3api.AccessDenied:
		if e.Expected == "" && e.Code != "" {
			return "access denied: the caller may not " + inVerbs(e)
		}
	}
	if e.Code == "NoSuchKey" {
		return e.Subject + " does not exist"
	}
	if e.Code != "" || s3api.Reference(e.Err) != "" {
		return ""
	}
	return ownWords(e)
}

// inVerbs says what was tried as a person would.
func inVerbs(e *s3api.SetupError) string {
	verbs := map[string]string{"HeadBucket": "list bucket", "ListObjectsV2": "list", "GetObject": "read", "HeadObject": "read", "PutObject": "write",
		"DescribeKey": "look at the key", "GenerateDataKey": "encrypt with the key"}
	return strings.TrimSpace(cmp.Or(verbs[e.Op], "do "+e.Op) + " " + e.Subject)
}

// doing is what was tried.
func doing(e *s3api.SetupError) string { return strings.TrimSpace(e.Op + " " + e.Subject) }

// ownWords are those of an error that no service answered: without the name of an
// operation, which helps nobody then.
func ownWords(e *s3api.SetupError) string {
	about := e.Subject
	if strings.ContainsFunc(e.Op, unicode.IsSpace) || !unicode.IsUpper(rune((e.Op + "x")[0])) {
		about = doing(e)
	}
	switch e.Kind {
	case s3api.Unreachable, s3api.UnknownHost, s3api.Proxy, s3api.Middlebox, s3api.NotTLS, s3api.OldTLS, s3api.Certificate:
		return "the service was not reached: " + s3api.PlainText(e.Err.Error())
	}
	if about == "" {
		return s3api.PlainText(e.Err.Error())
	}
	return about + ": " + s3api.PlainText(e.Err.Error())
}

// pathWords say what is wrong with a file or folder: which, and what, without the
// name of the system's call.
func pathWords(e *fs.PathError) string {
	path := e.Path
	switch {
	case path == "" || path == ".":
		path = "the folder"
	case !filepath.IsAbs(path):
		path = strings.TrimPrefix(path, "./")
	}
	switch {
	case errors.Is(e, fs.ErrNotExist):
		return path + " is not there"
	case errors.Is(e, fs.ErrPermission):
		return path + " may not be used: permission denied"
	}
	switch {
	case errors.Is(e, syscall.ELOOP):
		return path + ": its symbolic links lead in a circle"
	case errors.Is(e, fs.ErrExist):
		return path + " is there already"
	}
	why := e.Err.Error()
	if why == "not a directory" {
		return path + " is not a folder, or lies below what is none"
	}
	return path + ": " + why
}
