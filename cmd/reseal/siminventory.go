package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"reseal/internal/simulator"
)

func (s *simulation) inventory(ctx context.Context, bucket, dir string) (string, error) {
	var rows bytes.Buffer
	z := gzip.NewWriter(&rows)
	for o := range s.world.Walk(bucket) {
		bk := "DISABLED"
		if o.Encryption.BucketKeyEnabled {
			bk = "ENABLED"
		}
		fmt.Fprintf(z, "%q,%q,%q,%q,%q,%q,%q,%q\n", bucket, url.QueryEscape(o.Key), strconv.FormatInt(o.Size, 10),
			o.LastModified.UTC().Format("2006-01-02T15:04:05.000Z"), o.ETag, o.StorageClass, o.Encryption.Type, bk)
	}
	z.Close()
	now := time.Now()
	sum := md5.Sum(rows.Bytes())
	data := "inventory/" + bucket + "/daily/data/part-0.csv.gz"
	base := "inventory/" + bucket + "/daily/" + now.UTC().Format("2006-01-02T15-04Z") + "/"
	m, _ := json.Marshal(map[string]any{"sourceBucket": bucket, "destinationBucket": "arn:aws:s3:::" + simReports, "version": "2016-11-30",
		"creationTimestamp": strconv.FormatInt(now.UnixMilli(), 10), "fileFormat": "CSV",
		"fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, EncryptionStatus, BucketKeyStatus",
		"files":      []any{map[string]any{"key": data, "size": rows.Len(), "MD5checksum": hex.EncodeToString(sum[:])}}})
	msum := md5.Sum(m)
	for name, b := range map[string][]byte{data: rows.Bytes(), base + "manifest.json": m, base + "manifest.checksum": []byte(hex.EncodeToString(msum[:]))} {
		in := &simulator.PutObjectInput{Request: s.request(simReports), Key: name, Body: simulator.Bytes(b)}
		if _, err := s.world.PutObject(now, in); err != nil {
			return "", fmt.Errorf("deliver report: %w", err)
		}
		if dir != "" {
			p := filepath.Join(dir, name)
			os.MkdirAll(filepath.Dir(p), 0o755)
			if err := os.WriteFile(p, b, 0o644); err != nil {
				return "", err
			}
		}
	}
	s.world.ResetCounters()
	return "s3://" + simReports + "/" + base + "manifest.json", nil
}
