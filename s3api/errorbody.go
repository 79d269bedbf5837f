package s3api

import (
	"bytes"
	"context"
	"io"
	"regexp"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxErrorBody bounds what is read of an error's body: S3's take some hundred bytes.
const maxErrorBody = 64 << 10

// forbiddenReference matches numeric references to control characters that XML 1.0
// has none for. S3 writes a key with such a character into its errors that way,
// and Go's decoder refuses the whole document, with it the error's code.
var forbiddenReference = regexp.MustCompile(`&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));`)

// readable puts U+FFFD in the place of such characters in the bodies of errors and of
// those answers that name the key beside what was asked for: nobody takes it from there.
func readable(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Readable",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleDeserialize(ctx, in)
			r, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || r.Response == nil || r.Body == nil {
				return out, meta, err
			}
			most := int64(maxErrorBody)
			if r.StatusCode < 300 {
				if !echoesKey(middleware.GetOperationName(ctx)) {
					return out, meta, nil
				}
				most = maxEcho
			}
			body, rest := r.Body, io.Reader(r.Body)
			head, err := io.ReadAll(io.LimitReader(body, most))
			if err != nil {
				rest = failedReader{err} // for the SDK to meet where it would have
			}
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(forbiddenReference.ReplaceAll(head, []byte("\uFFFD"))), rest), body}
			return out, meta, nil
		}), middleware.After)
}

// maxEcho bounds what is read of an answer that names the key: ListParts tells of
// 1,000 parts, in about 250 bytes each.
const maxEcho = 1 << 20

// echoesKey tells the operations about one object whose answers name its key.
func echoesKey(operation string) bool {
	switch operation {
	case "CreateMultipartUpload", "CompleteMultipartUpload", "ListParts", "ListObjectAnnotations":
		return true
	}
	return false
}

type failedReader struct{ error }

func (f failedReader) Read([]byte) (int, error) { return 0, f.error }
