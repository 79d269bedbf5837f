package s3api

import (
	"context"
	"net/http"
	"sync/atomic"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/plan"
)

// Sent counts the requests of probes, those that the SDK sent again included. Its
// fields may be read at any time.
type Sent struct {
	Requests atomic.Int64
	KMSMax   atomic.Int64 // KMS requests that they took at most
}

// probeCount counts the requests about one scratch object after another.
type probeCount struct {
	sent     *Sent
	underKMS atomic.Bool // the scratch object, as last answered
}

// Counting returns a client like c whose probes are counted in n. It makes one probe at a
// time; several such clients may count in one n, and be made at once.
func (c *Client) Counting(n *Sent) *Client {
	out := *c
	options := c.preflight.Options()
	options.ExpressCredentials = nil // New writes to what is set, which all clients would share
	out.preflight = s3.New(options, func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], (&probeCount{sent: n}).watch)
	})
	return &out
}

// watch has every try of a request counted.
func (n *probeCount) watch(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("CountProbe",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			n.sent.Requests.Add(1)
			out, meta, err := next.HandleDeserialize(ctx, in)
			var asked, answered http.Header
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				asked = r.Header
			}
			if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.Response != nil {
				answered = r.Header
			}
			n.sent.KMSMax.Add(n.kms(awsmiddleware.GetOperationName(ctx), asked, answered))
			return out, meta, err
		}), middleware.After)
}

// kms is how many KMS requests one request took at most, by what was asked and
// answered: an endpoint may leave out the encryption in its answer.
func (n *probeCount) kms(op string, asked, answered http.Header) int64 {
	const header = "X-Amz-Server-Side-Encryption"
	before, w := n.underKMS.Load(), plan.DefaultWeights(false)
	wanted := isKMS(asked.Get(header)) || isKMS(answered.Get(header))
	of := func(k plan.StepKind, write, read bool) (calls int64) {
		if write {
			calls = w.Of(k, false).KMS.Max
		}
		if read {
			calls += w.Source.Max
		}
		return calls
	}
	switch op {
	case "PutObject":
		n.underKMS.Store(wanted)
		return of(plan.StepCopy, wanted, false)
	case "CopyObject":
		n.underKMS.Store(before && answered == nil || wanted)
		return of(plan.StepCopy, wanted, before)
	case "CreateMultipartUpload":
		return of(plan.StepCreate, wanted, false)
	case "UploadPartCopy":
		return of(plan.StepPart, wanted, before)
	case "CompleteMultipartUpload":
		n.underKMS.Store(wanted)
		return of(plan.StepComplete, wanted, false)
	case "UpdateObjectEncryption":
		return of(plan.StepUpdate, true, false)
	case "GetObject":
		return of(plan.StepGetBody, false, wanted)
	case "HeadObject":
		return of(plan.StepHead, false, wanted && asked.Get("X-Amz-Checksum-Mode") != "")
	}
	return 0
}

// isKMS tells whether the value of a header about encryption names KMS.
func isKMS(sse string) bool { return sse == "aws:kms" || sse == "aws:kms:dsse" }
