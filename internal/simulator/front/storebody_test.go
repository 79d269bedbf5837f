package front

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"reseal/internal/simulator"
)

// What a client uploads comes back as it was, whole, in ranges, copied in parts
// and re-encrypted, or is refused: never are other bytes answered.
func TestLargeBodiesComeBack(t *testing.T) {
	const keep, most = 1 << 10, 64 << 10
	data := make([]byte, most)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	for _, tt := range []struct {
		name   string
		folder bool
		size   int
		stored bool
	}{
		{"in memory", false, keep, true},
		{"no folder", false, keep + 1, false},
		{"in a file", true, keep + 1, true},
		{"the largest", true, most, true},
		{"too large", true, most + 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Config{MaxBody: most}
			if tt.folder {
				c.BodyFolder = t.TempDir()
			}
			client := newRig(t, simulator.Config{MaxKeptBody: keep}, c).s3(longLived)
			body := append(bytes.Clone(data), 1)[:tt.size]
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: aws.String("a"), Body: bytes.NewReader(body)})
			if !tt.stored {
				var api smithy.APIError
				if !errors.As(err, &api) || api.ErrorCode() != "EntityTooLarge" {
					t.Errorf("%v, want EntityTooLarge", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String(testBucket), Key: aws.String("a"), CopySource: aws.String(testBucket + "/a"),
				ServerSideEncryption: types.ServerSideEncryptionAes256, StorageClass: types.StorageClassStandardIa}); err != nil {
				t.Fatal(err)
			}
			for _, r := range [][2]int{{0, tt.size}, {1, 10}, {tt.size - 5, tt.size}} {
				in := &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("a")}
				if r[1]-r[0] < tt.size {
					in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", r[0], r[1]-1))
				}
				out, err := client.GetObject(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(out.Body)
				_ = out.Body.Close()
				if err != nil || sha256.Sum256(got) != sha256.Sum256(body[r[0]:r[1]]) {
					t.Errorf("bytes %d to %d: %d others, %v", r[0], r[1], len(got), err)
				}
			}
			if tt.folder {
				left, err := os.ReadDir(c.BodyFolder)
				if err != nil || len(left) > 0 {
					t.Errorf("left in the folder: %v, %v", left, err)
				}
			}
		})
	}
}
