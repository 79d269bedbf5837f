package front

import (
	"net"
	"net/http"
	"strings"

	"reseal/internal/simulator"
)

// parse finds bucket, key and query of a request. The key is all that follows
// the bucket's slash, decoded once: "..", "//" and the like are part of it.
func (x *exchange) parse(rawPath, rawQuery string) error {
	q, err := parseQuery(rawQuery)
	if err != nil {
		return errInvalidURI()
	}
	x.query = q
	path, err := unescape(rawPath, false)
	if err != nil {
		return errInvalidURI()
	}
	path = strings.TrimPrefix(path, "/")
	if bucket := x.front.hostBucket(x.r.Host); bucket != "" {
		x.bucket, x.key = bucket, path
		return nil
	}
	x.bucket, x.key, _ = strings.Cut(path, "/")
	return nil
}

func errInvalidURI() *wireError {
	return newError(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
}

// hostBucket gives the bucket that a virtual-host style host names, or "".
func (f *Front) hostBucket(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	found := ""
	for _, domain := range f.config.Domains {
		if host == domain {
			return ""
		}
		if bucket, ok := strings.CutSuffix(host, "."+domain); ok && (found == "" || len(bucket) < len(found)) {
			found = bucket // the longest domain wins
		}
	}
	return found
}

// operations maps a sub-resource, "" for none, and a method to a handler. A
// nil map is a sub-resource S3 has and this simulator has not.
type operations map[string]map[string]handler

var bucketOperations = operations{
	"":                      {"GET": listObjectsV1, "HEAD": headBucket, "PUT": createBucket, "DELETE": deleteBucket, "POST": postForm},
	"list-type":             {"GET": listObjectsV2},
	"versions":              {"GET": listObjectVersions},
	"uploads":               {"GET": listMultipartUploads},
	"delete":                {"POST": deleteObjects},
	"location":              {"GET": getBucketLocation},
	"versioning":            {"GET": getBucketVersioning, "PUT": putBucketVersioning},
	"encryption":            {"GET": getBucketEncryption, "PUT": putBucketEncryption, "DELETE": deleteBucketEncryption},
	"object-lock":           {"GET": getObjectLockConfiguration, "PUT": putObjectLockConfiguration},
	"ownershipControls":     {"GET": getOwnershipControls, "PUT": putOwnershipControls, "DELETE": deleteOwnershipControls},
	"requestPayment":        {"GET": getRequestPayment, "PUT": putRequestPayment},
	"acl":                   {"GET": getBucketACL, "PUT": putBucketACL},
	"policy":                {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"lifecycle":             {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"website":               {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"replication":           {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"cors":                  {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"tagging":               {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"notification":          {"GET": getConfig, "PUT": putConfig},
	"logging":               {"GET": getConfig, "PUT": putConfig},
	"inventory":             {"GET": getConfig, "PUT": putConfig, "DELETE": deleteConfig},
	"metadataTable":         {"GET": getConfig, "POST": putConfig, "DELETE": deleteConfig},
	"metadataConfiguration": {"GET": getConfig, "POST": putConfig, "DELETE": deleteConfig},
	"publicAccessBlock":     {"GET": getPublicAccessBlock, "PUT": putPublicAccessBlock, "DELETE": deletePublicAccessBlock},
	"policyStatus":          {"GET": getBucketPolicyStatus},
	"metrics":               nil, "analytics": nil, "intelligent-tiering": nil, "accelerate": nil,
	"session": nil, "abac": nil, "metadataInventoryTable": nil, "metadataJournalTable": nil, "metadataAnnotationTable": nil,
}

var objectOperations = operations{
	"":           {"GET": getObject, "HEAD": headObject, "PUT": putOrCopyObject, "DELETE": deleteObject},
	"tagging":    {"GET": getObjectTagging, "PUT": putObjectTagging, "DELETE": deleteObjectTagging},
	"acl":        {"GET": getObjectACL, "PUT": putObjectACL},
	"encryption": {"PUT": updateObjectEncryption},
	"retention":  {"GET": getObjectRetention, "PUT": putObjectRetention},
	"legal-hold": {"GET": getObjectLegalHold, "PUT": putObjectLegalHold},
	"restore":    {"POST": restoreObject},
	"annotation": {"GET": getAnnotations, "PUT": putAnnotation, "DELETE": deleteAnnotation},
	"uploads":    {"POST": createMultipartUpload},
	"uploadId":   {"PUT": uploadPart, "POST": completeMultipartUpload, "DELETE": abortMultipartUpload, "GET": listParts},
	"attributes": {"GET": getObjectAttributes},
	"torrent":    nil, "select": nil, "renameObject": nil,
}

// maxHeader is how much the header of a request may hold (S3 User Guide, UsingMetadata, read
// 2026-11-21; the error is of the S3 API Reference, ErrorResponses, from memory). What exactly S3 counts is not stated; here it is all names and values.
const maxHeader = 8 << 10

func (x *exchange) headerBytes() int {
	n := len(x.r.Host)
	for name, values := range x.r.Header {
		for _, v := range values {
			n += len(name) + len(v)
		}
	}
	return n
}

// serveS3 finds the operation and runs it.
func (x *exchange) serveS3() error {
	x.set("x-amz-request-id", x.requestID)
	x.set("x-amz-id-2", x.hostID)
	x.set("Server", "AmazonS3")
	if x.headerBytes() > maxHeader {
		return newError(http.StatusBadRequest, "RequestHeaderSectionTooLarge",
			"Your request header section exceeds the maximum allowed request header section size.")
	}
	if x.key == accountBlockKey && x.header("X-Amz-Account-Id") != "" {
		return accountPublicAccessBlock(x)
	}
	if x.key == accessPointsKey && x.header("X-Amz-Account-Id") != "" && x.r.Method == http.MethodGet {
		return listAccessPoints(x)
	}
	if x.bucket == "" {
		if x.r.Method != http.MethodGet || x.key != "" {
			return errMethodNotAllowed()
		}
		return listBuckets(x)
	}
	if err := x.checkBucketRegion(); err != nil {
		return err
	}
	table := bucketOperations
	if x.key != "" {
		table = objectOperations
		x.front.Locked(func(w *simulator.World) {
			knobs := w.Knobs()
			x.key = knobs.Addressed(x.key)
		})
	}
	sub, methods := "", table[""]
	for _, p := range x.query {
		if m, ok := table[p.name]; ok && p.name != "" {
			sub, methods = p.name, m
			break
		}
	}
	if methods == nil {
		return errNotImplemented(sub)
	}
	handle := methods[x.r.Method]
	if handle == nil {
		return errMethodNotAllowed()
	}
	return handle(x)
}

func errMethodNotAllowed() *wireError {
	return newError(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
}

// checkBucketRegion refuses a request that is signed for another Region than the bucket's, where the account has more
// than one.
func (x *exchange) checkBucketRegion() error {
	if !x.front.config.EveryRegion || x.signer == nil {
		return nil
	}
	region := ""
	x.front.Locked(func(w *simulator.World) { region = w.RegionOf(x.bucket) })
	if region == "" || region == x.signer.region {
		return nil
	}
	x.set("x-amz-bucket-region", region)
	return malformed("The authorization header is malformed; the region '"+x.signer.region+"' is wrong; expecting '"+region+"'").with("Region", region)
}
