package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
)

// oddKeys are keys that MinIO takes, and that need care on the way to it. It
// refuses some others that S3 has, such as a//b and a/../b.
func oddKeys() []string {
	keys := []string{"odd/folder/", "odd/%2F", "odd/%25%", "odd/a+b c", "odd/ leading", "odd/trailing ", "odd/.hidden", "odd/a/...", "odd/?versionId=x",
		"odd/日本語/日本", "odd/\U0001f600", "odd/e\u0301", "odd/é", "odd/\u200bzero", "odd/\u00a0", "odd/" + strings.Repeat(strings.Repeat("x", 199)+"/", 4) + "end"}
	for c := ' '; c <= '~'; c++ {
		if strings.ContainsRune(` !"#$%&'()*+,-.:;<=>?@[]^_`+"`"+`{|}~`, c) {
			keys = append(keys, "odd/x"+string(c)+"y")
		}
	}
	return keys
}

// fill writes objects of all sorts.
func (b *minioBucket) fill() {
	b.t.Helper()
	ctx, writes := b.t.Context(), b.together()
	put := func(key string, size int, in s3.PutObjectInput) {
		writes.Go(func() error {
			_, err := b.put(ctx, key, content(key, size), in)
			return err
		})
	}
	for i := range 360 {
		in := s3.PutObjectInput{ContentType: aws.String("image/jpeg"), Metadata: map[string]string{"camera": fmt.Sprintf("no %d", i), "Empty": ""}}
		if i%3 == 0 {
			in.Tagging = aws.String("team=photo&stage=%2Bone%20%3D%2F%40&n=" + fmt.Sprint(i))
		}
		if i%4 == 0 {
			in.CacheControl, in.ContentDisposition = aws.String("max-age=60, private"), aws.String(`attachment; filename="a b.jpg"`)
			in.ContentEncoding, in.ContentLanguage = aws.String("identity"), aws.String("de, en")
		}
		if i%40 == 0 {
			in.StorageClass = types.StorageClassReducedRedundancy
		}
		put(fmt.Sprintf("photos/%03d.jpg", i), i*37%9000+1, in)
	}
	for _, key := range oddKeys() {
		size := 100
		if strings.HasSuffix(key, "/") {
			size = 0
		}
		put(key, size, s3.PutObjectInput{Metadata: map[string]string{"odd": "yes"}, Tagging: aws.String("odd=yes")})
	}
	expires := time.Date(2039, 12, 1, 16, 0, 0, 0, time.UTC)
	for i := range 40 {
		put(fmt.Sprintf("expiring/%02d", i), 10, s3.PutObjectInput{Expires: &expires, Metadata: map[string]string{"kept": "yes"}})
	}
	for i := range 30 {
		put(fmt.Sprintf("empty/%02d", i), 0, s3.PutObjectInput{Metadata: map[string]string{"of": "nothing"}})
	}
	for i := range 4 {
		put(fmt.Sprintf("large/%d", i), 6<<20+i, s3.PutObjectInput{Tagging: aws.String("size=large")})
	}
	for i := range sealedObjects {
		put(fmt.Sprintf("sealed/%02d", i), 50, s3.PutObjectInput{ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: aws.String(minio.Key)})
	}
	for i := range 20 {
		key := fmt.Sprintf("bare/%02d", i)
		writes.Go(func() error { return b.putBare(ctx, key, content(key, 70)) })
	}
	for i := range 4 {
		key := fmt.Sprintf("parts/%d", i)
		writes.Go(func() error {
			return b.putParts(ctx, key, s3.CreateMultipartUploadInput{ContentType: aws.String("video/mp4"), Metadata: map[string]string{"made": "in parts"}},
				content(key+"/1", 5<<20), content(key+"/2", 100<<10+i))
		})
	}
	if err := writes.Wait(); err != nil {
		b.t.Fatal(err)
	}
}

// sealedObjects is the number of objects that fill puts under the key already.
const sealedObjects = 15
