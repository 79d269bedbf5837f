package s3api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// credentials marks the errors of the credential chain, so that they are not
// taken for the service's answer to a request, and reads the chain anew when
// what it gave has run out.
type credentials struct {
	reload func(context.Context) (aws.CredentialsProvider, error) // nil: never changes

	inner  atomic.Pointer[aws.CredentialsProvider]
	worked atomic.Bool
	fixed  atomic.Bool  // they stand in the environment, which nobody can change now
	until  atomic.Int64 // unix nanoseconds at which those given last expire, 0 for never
	log    *requestLog  // nil: none

	mu     sync.Mutex
	loaded time.Time // when the chain was last read anew
}

// reloadEvery bounds how often the chain is read anew, however many requests
// are refused at once, and reloadLimit how long that may take: all of them wait.
const (
	reloadEvery = time.Second
	reloadLimit = 10 * time.Second
)

func newCredentials(p aws.CredentialsProvider, reload func(context.Context) (aws.CredentialsProvider, error)) *credentials {
	c := &credentials{reload: reload}
	c.inner.Store(&p)
	return c
}

// Retrieve returns credentials of the chain, or a *credentialsError.
func (c *credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	out, err := (*c.inner.Load()).Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{renewal: c.worked.Load(), err: err}
	}
	if !c.worked.Load() {
		c.fixed.Store(out.Source == config.CredentialsSourceName)
		c.worked.Store(true)
	}
	c.noteRenewal(&out)
	return out, nil
}

// noteRenewal logs that credentials are others than before, by the time of their end.
func (c *credentials) noteRenewal(now *aws.Credentials) {
	var until int64
	if now.CanExpire {
		until = now.Expires.UnixNano()
	}
	if was := c.until.Load(); was == until || !c.until.CompareAndSwap(was, until) || was == 0 {
		return
	}
	if log := c.log.logger(); log != nil {
		log.Info("credentials renewed", "source", now.Source, "expires", now.Expires)
	}
}

// CredentialsExpiry is when the credentials that requests are signed with expire. ok is
// false where they never do, where the chain does not say, and before the first request.
func (c *Client) CredentialsExpiry() (at time.Time, ok bool) {
	if c.credentials == nil {
		return time.Time{}, false
	}
	until := c.credentials.until.Load()
	return time.Unix(0, until), until != 0
}

// renew reads the chain anew, because a service called the credentials expired:
// files are read again, roles assumed again, programs asked again. It reports
// whether that can be of any use.
func (c *credentials) renew() bool {
	if c == nil || c.reload == nil || c.fixed.Load() {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.loaded) < reloadEvery {
		return true // just done
	}
	// Not under the request's context: others wait for the same.
	ctx, cancel := context.WithTimeout(context.Background(), reloadLimit)
	defer cancel()
	p, err := c.reload(ctx)
	if err == nil && p != nil {
		c.inner.Store(&p)
	}
	if log := c.log.logger(); log != nil && err != nil {
		log.Warn("credentials not read anew", "error", logWords(err))
	} else if log != nil {
		log.Info("credentials read anew")
	}
	c.loaded = time.Now()
	return true
}

// credentialsError says that the chain gave no credentials.
type credentialsError struct {
	renewal bool // it gave some before
	err     error
}

func (e *credentialsError) Error() string { return "no credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }
