package front

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/simulator"
)

// TestHeaderLimit: an ACL of a hundred grants is more than a header holds.
func TestHeaderLimit(t *testing.T) {
	c := newRig(t, simulator.Config{}, Config{}).s3(longLived)
	put(t, c, "k", "text")
	grants := func(n int) *string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`id="%064x"`, i+1)
		}
		return aws.String(strings.Join(list, ", "))
	}
	for n, want := range map[int]string{5: "AccessControlListNotSupported", 60: "RequestHeaderSectionTooLarge"} {
		_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k"), CopySource: copySourceOf("k"), GrantRead: grants(n), GrantReadACP: grants(n)})
		if got := codeOf(err); got != want {
			t.Errorf("%d grants, twice: %q, want %q", n, got, want)
		}
	}
}
