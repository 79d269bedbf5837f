package front

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
)

// stored is the checksum that an answer to HeadObject states.
func stored(o *s3.HeadObjectOutput) (algorithm types.ChecksumAlgorithm, value string) {
	for a, v := range map[types.ChecksumAlgorithm]*string{
		"CRC64NVME": o.ChecksumCRC64NVME, "CRC32": o.ChecksumCRC32, "CRC32C": o.ChecksumCRC32C, "SHA1": o.ChecksumSHA1, "SHA256": o.ChecksumSHA256,
		"SHA512": o.ChecksumSHA512, "MD5": o.ChecksumMD5, "XXHASH64": o.ChecksumXXHASH64, "XXHASH3": o.ChecksumXXHASH3, "XXHASH128": o.ChecksumXXHASH128,
	} {
		if v != nil {
			algorithm, value = a, *v
		}
	}
	return algorithm, value
}

// A checksum of any algorithm is stated to whoever asks, of objects of any size, and kept by copies. In parts only CRCs
// can be over the whole object.
func TestChecksumsAreStatedAndKept(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c, ctx := r.s3(longLived), t.Context()
	for _, algorithm := range types.ChecksumAlgorithm("").Values() {
		for _, size := range []int64{1000, 6 << 30} {
			key := "k"
			r.front.Locked(func(w *simulator.World) {
				o := simulator.ObjectInfo{Key: key, Size: size, Checksum: simulator.Checksum{Algorithm: string(algorithm), Type: "FULL_OBJECT"}}
				if err := w.SeedObject(testBucket, o, simulator.Synthetic(size, 7)); err != nil {
					t.Fatal(err)
				}
			})
			if plain, err := c.HeadObject(ctx, headInput(key)); err != nil || plain.ChecksumType != "" {
				t.Errorf("%s: a checksum is stated to who did not ask: %v", algorithm, err)
			}
			before := head(t, c, key)
			name, value := stored(before)
			if name != algorithm || value == "" || before.ChecksumType != types.ChecksumTypeFullObject {
				t.Errorf("%s of %d bytes: HEAD states %s %q, type %s", algorithm, size, name, value, before.ChecksumType)
			}
			attributes, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: aws.String(testBucket), Key: &key,
				ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesChecksum, types.ObjectAttributesObjectSize, types.ObjectAttributesEtag}})
			if err != nil || *attributes.ObjectSize != size || attributes.Checksum == nil || attributes.Checksum.ChecksumType != types.ChecksumTypeFullObject || attributes.StorageClass != "" {
				t.Errorf("%s: GetObjectAttributes: %+v, %v", algorithm, attributes, err)
			}
			if size < 1<<20 {
				if _, err := c.CopyObject(ctx, resealInput(key, *before.ETag)); err != nil {
					t.Fatal(err)
				}
				if again, same := stored(head(t, c, key)); again != algorithm || same != value {
					t.Errorf("%s: the copy has %s %q, not %q", algorithm, again, same, value)
				}
				continue
			}
			kind := types.ChecksumTypeComposite
			if algorithm == types.ChecksumAlgorithmCrc64nvme {
				kind = types.ChecksumTypeFullObject
			}
			copied, same := inTwoParts(t, c, key, algorithm, kind, size)
			if copied.ChecksumType != kind || same == "" || (same == value) != (kind == types.ChecksumTypeFullObject) {
				t.Errorf("%s in parts: %q of type %s, before %q", algorithm, same, copied.ChecksumType, value)
			}
		}
	}
	_, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String(testBucket), Key: aws.String("k"),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumType: types.ChecksumTypeFullObject})
	if codeOf(err) != "InvalidRequest" {
		t.Errorf("a SHA-256 over the whole of an object in parts: %v", err)
	}
}

// inTwoParts copies an object of size bytes onto itself.
func inTwoParts(t *testing.T, c *s3.Client, key string, algorithm types.ChecksumAlgorithm, kind types.ChecksumType, size int64) (*s3.HeadObjectOutput, string) {
	t.Helper()
	ctx, bucket := t.Context(), aws.String(testBucket)
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: &key, ChecksumAlgorithm: algorithm, ChecksumType: kind})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for n, r := range []string{"bytes=0-3221225471", "bytes=3221225472-6442450943"} {
		part, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: &key, UploadId: up.UploadId, PartNumber: aws.Int32(int32(n + 1)),
			CopySource: copySourceOf(key), CopySourceRange: &r})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, completedPart(n+1, part.CopyPartResult))
	}
	list, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil || len(list.Uploads) != 1 || *list.Uploads[0].Initiator.ID == "" || *list.Uploads[0].Owner.ID == "" {
		t.Errorf("uploads: %+v, %v", list, err)
	}
	if _, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: &key, UploadId: up.UploadId,
		ChecksumType: kind, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}); err != nil {
		t.Fatal(err)
	}
	out := head(t, c, key)
	_, value := stored(out)
	return out, value
}

// MinIO takes no checksum for a part that is copied.
func TestPartCopyWithoutChecksum(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c, ctx, bucket, key := r.s3(longLived), t.Context(), aws.String(testBucket), aws.String("k")
	r.front.Locked(func(w *simulator.World) { w.SetKnobs(simulator.Knobs{PartCopyWithoutChecksum: true}) })
	put(t, c, *key, "data")
	for _, tt := range []struct {
		algorithm types.ChecksumAlgorithm
		code      string
	}{{"SHA256", "InvalidArgument"}, {"", ""}} {
		up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key, ChecksumAlgorithm: tt.algorithm})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: bucket, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(1), CopySource: copySourceOf(*key)})
		if codeOf(err) != tt.code {
			t.Errorf("copy of a part with algorithm %q: %v, want %q", tt.algorithm, err, tt.code)
		}
	}
}

// completedPart is a copied part in the list that completes an upload.
func completedPart(number int, r *types.CopyPartResult) types.CompletedPart {
	return types.CompletedPart{PartNumber: aws.Int32(int32(number)), ETag: r.ETag, ChecksumCRC32: r.ChecksumCRC32, ChecksumCRC32C: r.ChecksumCRC32C,
		ChecksumCRC64NVME: r.ChecksumCRC64NVME, ChecksumSHA1: r.ChecksumSHA1, ChecksumSHA256: r.ChecksumSHA256, ChecksumSHA512: r.ChecksumSHA512,
		ChecksumMD5: r.ChecksumMD5}
}
