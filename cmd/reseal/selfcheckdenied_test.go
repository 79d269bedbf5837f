package main

import (
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// TestSelfcheckDenied: what the caller, or the bucket's policy, does not let through
// says nothing of AWS. It is not asked, and the permission is named.
func TestSelfcheckDenied(t *testing.T) {
	for _, tt := range []struct {
		name   string
		denied string // to the caller
		policy string // of the bucket
		code   int
		want   string
	}{
		{"an update", `"s3:UpdateObjectEncryption"`, "", exitDone, "denied by a policy: s3:UpdateObjectEncryption ("},
		{"the key", `"kms:GenerateDataKey"`, "", exitDone, "denied by a policy: kms:GenerateDataKey ("},
		{"reading the data", `"s3:GetObject"`, "", exitDone, "denied by a policy: s3:GetObject"},
		{"tags", `"s3:GetObjectTagging"`, "", exitDone, "denied by a policy: s3:GetObjectTagging ("},
		{"writing tags", `"s3:PutObjectTagging"`, "", exitDone, "denied by a policy: s3:PutObjectTagging ("},
		{"markers", `"s3:DeleteObject"`, "", exitDone, "denied by a policy: s3:DeleteObject ("},
		{"writing", `"s3:PutObject"`, "", exitFatal, "write the first scratch object"},
		{"versions", `"s3:DeleteObjectVersion"`, "", exitFatal, "nothing more was written"},
		{"ending uploads", `"s3:AbortMultipartUpload"`, "", exitFatal, "nothing more was written"},
		{"uploads without a header", "", `{"Sid":"S","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*",` +
			`"Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}`, exitFatal, "name another bucket"},
		{"other keys", "", `{"Sid":"S","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*",` +
			`"Condition":{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + simaws.Key + `"}}}`, exitFatal, "name another bucket"},
		{"other keys that are named", "", `{"Sid":"S","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*",` +
			`"Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + simaws.Key + `"},"Null":{"s3:x-amz-server-side-encryption":"false"}}}`, exitDone, "denied by a policy: s3:PutObject ("},
	} {
		deny := ""
		if tt.denied != "" {
			deny = `,{"Effect":"Deny","Action":` + tt.denied + `,"Resource":"*"}`
		}
		n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
			if tt.policy != "" {
				if err := w.PutBucketConfig(taken, r, simulator.PolicyConfig, "", []byte(`{"Version":"2012-10-17","Statement":[`+tt.policy+`]}`)); err != nil {
					return err
				}
			}
			if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
				return err
			}
			return nil
		}, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"}`+deny+`]}`)
		n.as(true)
		code, out, messages := n.command("selfcheck", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--large", "0", "--out", filepath.Join(n.dir, "selfcheck.json"), "--yes")
		if code != tt.code || strings.Contains(out, "DIFFERS") || !strings.Contains(out+messages, tt.want) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", tt.name, code, tt.code, tt.want, out, messages)
		}
		left := 0
		n.sim.Locked(func(w *simulator.World) {
			for range w.Walk(scriptBucket) {
				left++
			}
		})
		if most := map[string]int{"versions": 1}[tt.name]; left > most {
			t.Errorf("%s: %d versions are left behind, want %d", tt.name, left, most)
		}
	}
}
