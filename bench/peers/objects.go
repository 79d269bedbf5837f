package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const (
	bucket    = "reseal-demo"
	keyPrefix = "tenants/"
)

// keyOf returns the i-th key: long enough to be real, in no order.
func keyOf(i int) string {
	x := uint64(i) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%s%03d/2026/%02d/%02d/%016x-object.json", keyPrefix, x%500, x>>16%12+1, x>>24%28+1, x)
}

// keysOf returns the first n keys.
func keysOf(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = keyOf(i)
	}
	return keys
}

// writeReport writes an inventory report of n small objects under SSE-S3 to a
// folder, in S3's form, and returns the path of its manifest.
func writeReport(folder string, n int) (string, error) {
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	for i := range n {
		fmt.Fprintf(z, "%q,%q,\"%d\",\"2026-11-20T01:00:00.000Z\",%q,\"STANDARD\",\"false\",\"SSE-S3\"\n", bucket, keyOf(i), objectSize, objectETag)
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	const name = "data/objects.csv.gz"
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, name), data.Bytes(), 0o644); err != nil {
		return "", err
	}
	sum := md5.Sum(data.Bytes())
	manifest, err := json.Marshal(map[string]any{
		"sourceBucket": bucket, "destinationBucket": "arn:aws:s3:::reports", "version": "2016-11-30", "creationTimestamp": "1795136400000",
		"fileFormat": "CSV", "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, EncryptionStatus",
		"files": []map[string]any{{"key": name, "size": data.Len(), "MD5checksum": hex.EncodeToString(sum[:])}},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "manifest.json")
	if err := os.WriteFile(path, manifest, 0o644); err != nil {
		return "", err
	}
	sum = md5.Sum(manifest)
	return path, os.WriteFile(filepath.Join(folder, "manifest.checksum"), []byte(hex.EncodeToString(sum[:])), 0o644)
}
