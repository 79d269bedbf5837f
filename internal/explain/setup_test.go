package explain

import (
	"errors"
	"strings"
	"testing"

	"reseal/s3api"
)

// The hint about a key in another Region names the Region of the bucket, where a key is
// needed, and does not say that --region would help: the bucket stays where it is.
func TestHintOfAKeyElsewhere(t *testing.T) {
	h := Hint(&s3api.SetupError{Kind: s3api.KeyRegion, Op: "DescribeKey", Region: "eu-west-1", Err: errors.New("x")})
	if strings.Contains(h, "it is in") || !strings.Contains(h, "aws kms list-aliases --region eu-west-1") {
		t.Errorf("hint %q", h)
	}
	h = Hint(&s3api.SetupError{Kind: s3api.BadBundle, Op: "read CA bundle", Err: errors.New("x")})
	if strings.Contains(h, "PROFILE") || !strings.Contains(h, "--ca-bundle") {
		t.Errorf("hint %q", h)
	}
	if h = Hint(&s3api.SetupError{Kind: s3api.OldTLS, Op: "HeadBucket", Err: errors.New("x")}); !strings.Contains(h, "TLS 1.2") {
		t.Errorf("hint %q", h)
	}
}
