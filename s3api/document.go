package s3api

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// document is what the answer of an operation cannot be without.
type document struct {
	root string // "" for any
	has  string // element below it, "" for none
}

// documentOf returns the document with which an operation answers a 200 (Amazon S3
// API Reference, read 2026-11-21); false where it answers without, or not in XML. Of
// buckets' configurations other servers' roots are not known.
func documentOf(operation string) (document, bool) {
	switch operation {
	case "GetObjectTagging":
		return document{"Tagging", "TagSet"}, true
	case "GetObjectAcl":
		return document{"AccessControlPolicy", "Owner"}, true
	case "GetObjectRetention":
		return document{"Retention", ""}, true
	case "GetObjectLegalHold":
		return document{"LegalHold", ""}, true
	case "ListObjectsV2":
		return document{"ListBucketResult", ""}, true
	case "ListParts":
		return document{"ListPartsResult", ""}, true
	case "ListMultipartUploads":
		return document{"ListMultipartUploadsResult", ""}, true
	case "GetObjectAttributes", "ListObjectAnnotations", "ListObjectVersions", "GetObjectLockConfiguration", "GetPublicAccessBlock":
		return document{}, true
	case "GetBucketPolicy": // JSON
		return document{}, false
	}
	return document{}, strings.HasPrefix(operation, "GetBucket") || strings.HasPrefix(operation, "ListBucket")
}

// hollowError is an answer of 200 without the document that it is about: it says
// nothing, and the SDK reads it as if there were none of what was asked for.
type hollowError struct {
	document
	headers []string // that are not there, of an answer without a document
}

// Error says what is not there.
func (e *hollowError) Error() string {
	what := e.root
	switch {
	case len(e.headers) > 0:
		return fmt.Sprintf("the endpoint answered 200 without %s, which every object has, so nothing is known of it", strings.Join(e.headers, " and "))
	case what == "":
		what = "document"
	case e.has != "":
		what += " with its " + e.has
	}
	return fmt.Sprintf("the endpoint answered 200 without the %s that was asked for, so nothing is known of it", what)
}

// RetryableError has the SDK ask again, where it is to.
func (e *hollowError) RetryableError() bool { return true }

// headersShown is an error where an answer to HeadObject lacks a header that every object
// has (Amazon S3 API Reference, HeadObject, read 2026-11-21): the SDK reads it as empty.
func headersShown(o *s3.HeadObjectOutput) error {
	var lacking []string
	for _, h := range []struct {
		name  string
		there bool
	}{{"ETag", value(o.ETag) != ""}, {"Content-Length", o.ContentLength != nil}, {"Last-Modified", o.LastModified != nil}} {
		if !h.there {
			lacking = append(lacking, h.name)
		}
	}
	if lacking == nil {
		return nil
	}
	return &hollowError{headers: lacking}
}

// hollowCode stands for an answer without its document where error codes stand.
const hollowCode = "AnswerWithoutDocument"

// whole makes an answer of 200 without its document an error.
func whole(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Whole",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleDeserialize(ctx, in)
			r, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || r.Response == nil || r.Body == nil || r.StatusCode >= 300 {
				return out, meta, err
			}
			want, ok := documentOf(middleware.GetOperationName(ctx))
			if !ok {
				return out, meta, nil
			}
			var read bytes.Buffer
			body := r.Body
			there := want.in(io.TeeReader(io.LimitReader(body, maxEcho), &read))
			r.Body = &rejoined{io.MultiReader(&read, body), body}
			if !there {
				return out, meta, &hollowError{document: want}
			}
			return out, meta, nil
		}), middleware.After)
}

// in tells whether a body has the document. One that is no XML, or is cut off, is left
// to the SDK, to which that is an error.
func (d document) in(body io.Reader) bool {
	decoder := xml.NewDecoder(body)
	for depth := 0; ; {
		token, err := decoder.Token()
		switch t := token.(type) {
		case xml.StartElement:
			switch depth++; {
			case depth == 1 && d.root != "" && t.Name.Local != d.root:
				return false
			case depth == 1 && d.has == "", depth == 2 && t.Name.Local == d.has:
				return true
			}
		case xml.EndElement:
			depth--
		}
		if err != nil {
			return !errors.Is(err, io.EOF)
		}
	}
}
