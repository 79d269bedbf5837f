package enforce

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"reseal/internal/shell"
	"reseal/policy"
	"reseal/s3api"
)

// Settings are the two things of a bucket that are changed.
type Settings struct {
	Encryption s3api.DefaultEncryption
	Policy     []byte // nil for none
}

// Read reads the settings of a bucket.
func Read(ctx context.Context, client *s3api.Client, bucket string) (*Settings, error) {
	s := &Settings{}
	var err error
	if s.Encryption, err = client.BucketEncryption(ctx, bucket); err != nil {
		return nil, err
	}
	s.Policy, err = client.BucketPolicy(ctx, bucket)
	return s, err
}

func (s *Settings) equal(o *Settings) bool {
	return bytes.Equal(s.Policy, o.Policy) && sameEncryption(s.Encryption, o.Encryption)
}

func sameEncryption(a, b s3api.DefaultEncryption) bool {
	return a.Algorithm == b.Algorithm && a.KeyID == b.KeyID && a.BucketKey == b.BucketKey && slices.Equal(a.Blocked, b.Blocked)
}

// same compares what was written with what the endpoint gives back, which need
// not be the same bytes.
func (s *Settings) same(o *Settings) bool {
	return sameEncryption(s.Encryption, o.Encryption) && policy.Same(policy.Bucket, s.Policy, o.Policy)
}

// EncryptionCommand is the command that sets a default encryption as it is.
func EncryptionCommand(bucket string, e s3api.DefaultEncryption) string {
	by := map[string]string{"SSEAlgorithm": e.Algorithm}
	if e.KeyID != "" {
		by["KMSMasterKeyID"] = e.KeyID
	}
	rule := map[string]any{"ApplyServerSideEncryptionByDefault": by, "BucketKeyEnabled": e.BucketKey}
	if len(e.Blocked) > 0 {
		rule["BlockedEncryptionTypes"] = map[string]any{"EncryptionType": e.Blocked}
	}
	data, err := json.Marshal(map[string]any{"Rules": []any{rule}})
	if err != nil {
		panic("reseal: a default encryption that cannot be written as JSON: " + err.Error())
	}
	return fmt.Sprintf("aws s3api put-bucket-encryption --bucket %s --server-side-encryption-configuration %s", shell.Word(bucket), shell.Quoted(string(data)))
}
