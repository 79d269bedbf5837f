package s3api

import (
	"context"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// credentials marks the errors of the credential chain, so that they are not
// taken for the service's answer to a request.
type credentials struct {
	inner  aws.CredentialsProvider
	worked atomic.Bool
}

// Retrieve returns credentials of the chain, or a *credentialsError.
func (c *credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	out, err := c.inner.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{renewal: c.worked.Load(), err: err}
	}
	if !c.worked.Load() {
		c.worked.Store(true)
	}
	return out, nil
}

// credentialsError says that the chain gave no credentials.
type credentialsError struct {
	renewal bool // it gave some before
	err     error
}

func (e *credentialsError) Error() string { return "no credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }
