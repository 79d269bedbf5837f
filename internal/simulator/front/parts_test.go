package front

import (
	"bytes"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
)

// begin starts an upload with SHA-256 sums of a part of 5 MiB and a small one.
func (r *rig) begin(t *testing.T, key string) (*s3.CreateMultipartUploadOutput, []types.CompletedPart) {
	t.Helper()
	c := r.s3(longLived)
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(testBucket), Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for i, body := range [][]byte{bytes.Repeat([]byte("x"), 5<<20), []byte("the end")} {
		n := aws.Int32(int32(i + 1))
		out, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: aws.String(testBucket), Key: &key, UploadId: up.UploadId, PartNumber: n,
			Body: bytes.NewReader(body), ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{PartNumber: n, ETag: out.ETag, ChecksumSHA256: out.ChecksumSHA256})
	}
	return up, parts
}

// TestChecksumsOfParts: they are compared when the upload is completed, and
// GetObjectAttributes tells them.
func TestChecksumsOfParts(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	up, parts := r.begin(t, "film")
	complete := func(list ...types.CompletedPart) error {
		_, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: aws.String(testBucket), Key: aws.String("film"), UploadId: up.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: list}})
		return err
	}
	wrong, without := parts[1], parts[1]
	wrong.ChecksumSHA256, without.ChecksumSHA256 = parts[0].ChecksumSHA256, nil
	if err := complete(parts[0], wrong); codeOf(err) != "InvalidPart" {
		t.Errorf("a wrong checksum: %v", err)
	}
	if err := complete(parts[0], without); codeOf(err) != "InvalidRequest" || !strings.Contains(err.Error(), "missing for part 2") {
		t.Errorf("no checksum: %v", err)
	}
	if err := complete(parts[1], parts[0]); codeOf(err) != "InvalidPartOrder" {
		t.Errorf("the wrong order, and a small part before the last: %v", err)
	}
	if err := complete(parts...); err != nil {
		t.Fatal(err)
	}
	ask := &s3.GetObjectAttributesInput{Bucket: aws.String(testBucket), Key: aws.String("film"), ObjectAttributes: []types.ObjectAttributes{types.ObjectAttributesObjectParts}}
	out, err := c.GetObjectAttributes(t.Context(), ask)
	if err != nil || aws.ToInt32(out.ObjectParts.TotalPartsCount) != 2 || len(out.ObjectParts.Parts) != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	for i, p := range out.ObjectParts.Parts {
		if *p.PartNumber != int32(i+1) || aws.ToString(p.ChecksumSHA256) != *parts[i].ChecksumSHA256 || *p.Size != []int64{5 << 20, 7}[i] {
			t.Errorf("part %d: %+v", i+1, p)
		}
	}
	ask.MaxParts = aws.Int32(1)
	if out, err = c.GetObjectAttributes(t.Context(), ask); err != nil || len(out.ObjectParts.Parts) != 1 || !*out.ObjectParts.IsTruncated || *out.ObjectParts.NextPartNumberMarker != "1" {
		t.Errorf("first page: %+v, %v", out.ObjectParts, err)
	}
	ask.PartNumberMarker = out.ObjectParts.NextPartNumberMarker
	if out, err = c.GetObjectAttributes(t.Context(), ask); err != nil || len(out.ObjectParts.Parts) != 1 || *out.ObjectParts.IsTruncated || *out.ObjectParts.Parts[0].PartNumber != 2 {
		t.Errorf("second page: %+v, %v", out.ObjectParts, err)
	}
}

// TestListPartsTellsWho: the owner of the object to be, and who began it.
func TestListPartsTellsWho(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	up, _ := r.begin(t, "film")
	out, err := r.s3(longLived).ListParts(t.Context(), &s3.ListPartsInput{Bucket: aws.String(testBucket), Key: aws.String("film"), UploadId: up.UploadId})
	if err != nil || out.Initiator == nil || *out.Initiator.ID != longLived.ARN || out.Owner == nil || *out.Owner.ID != simulator.CanonicalID(longLived.AccountID) {
		t.Errorf("%+v, %v", out, err)
	}
	if out.ChecksumAlgorithm != types.ChecksumAlgorithmSha256 || out.ChecksumType != types.ChecksumTypeComposite {
		t.Errorf("checksum %s %s", out.ChecksumAlgorithm, out.ChecksumType)
	}
}

// TestCopyMakesTheChecksumAskedFor, of bytes that were uploaded.
func TestCopyMakesTheChecksumAskedFor(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	for body, want := range map[string]string{"hello": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="} {
		put(t, c, "k", body)
		out, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String(testBucket), Key: aws.String("copy"), CopySource: copySourceOf("k"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256})
		if err != nil || aws.ToString(out.CopyObjectResult.ChecksumSHA256) != want {
			t.Errorf("%q: %+v, %v", body, out, err)
		}
	}
}
