package survey

import (
	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
)

// PolicySays is what the policy of a bucket says of uploads of its account: "yes", "no"
// or "unknown", where it hinges on what cannot be told from here.
type PolicySays struct {
	Exists        bool   `json:"exists"`
	Unreadable    string `json:"unreadable,omitempty"` // why it could not be understood
	DeniesPlain   string `json:"denies_without_header"`
	DeniesSSES3   string `json:"denies_sse_s3"`
	DeniesSSEKMS  string `json:"denies_sse_kms"` // under a key that is not the bucket's default
	DeniesUpdates string `json:"denies_updates"` // s3:UpdateObjectEncryption

	public string
	reads  string // whether reading is denied
}

// trialKey is the key in the question: none that a policy can have named.
const trialKey = "00000000-0000-4000-8000-000000000000"

// says asks a policy about uploads. The caller is a role of the bucket's account whose name
// no policy has: what it denies is denied to anybody who is not excepted by name.
func says(text []byte, account string, p partition.Partition, bucket string) *PolicySays {
	out := &PolicySays{Exists: text != nil, DeniesPlain: "no", DeniesSSES3: "no", DeniesSSEKMS: "no", DeniesUpdates: "no", public: "no", reads: "no"}
	if text == nil {
		return out
	}
	d, err := policy.Parse(policy.Bucket, text)
	if err != nil {
		const unknown = "unknown"
		return &PolicySays{Exists: true, Unreadable: err.Error(), DeniesPlain: unknown, DeniesSSES3: unknown, DeniesSSEKMS: unknown, DeniesUpdates: unknown, public: unknown, reads: unknown}
	}
	out.public = plan.AnswerOf(d.Public()).String()
	ask := func(action string, header map[string]string) string {
		r := policy.Request{Action: action, Resource: p.Bucket(bucket) + "/any",
			Principal: policy.Principal{ARN: "arn:" + p.ID + ":sts::" + account + ":assumed-role/reseal-survey-asks/s", Role: "arn:" + p.ID + ":iam::" + account + ":role/reseal-survey-asks", Account: account},
			Context:   map[string][]string{"aws:securetransport": {"true"}, "s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authtype": {"REST-HEADER"}},
			Unknown:   func(key string) bool { return !encryptionHeader(key) },
		}
		for name, value := range header {
			r.Context[name] = []string{value}
		}
		return [...]string{"no", "unknown", "yes"}[d.Decide(&r).Deny]
	}
	const algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
	arn := "arn:" + p.ID + ":kms:us-east-1:" + account + ":key/" + trialKey
	out.DeniesPlain = ask("s3:PutObject", nil)
	out.DeniesSSES3 = ask("s3:PutObject", map[string]string{algorithm: "AES256"})
	out.DeniesSSEKMS = ask("s3:PutObject", map[string]string{algorithm: "aws:kms", key: arn})
	out.DeniesUpdates = ask("s3:UpdateObjectEncryption", nil)
	out.reads = ask("s3:GetObject", nil)
	return out
}

// encryptionHeader tells the condition keys that follow from the headers in question.
func encryptionHeader(key string) bool {
	switch key {
	case "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-customer-algorithm":
		return true
	}
	return false
}

// Word is what the policy says, in a word or two.
func (s *PolicySays) Word() string {
	switch {
	case s == nil || s.Unreadable != "":
		return "unknown"
	case !s.Exists:
		return "none"
	case s.DeniesSSEKMS == "yes":
		return "denies SSE-KMS"
	case s.DeniesSSEKMS == "unknown":
		return "depends"
	case s.DeniesPlain == "yes" && s.DeniesSSES3 == "yes":
		return "wants SSE-KMS"
	case s.DeniesPlain == "yes":
		return "wants a header"
	case s.DeniesPlain == "unknown":
		return "depends"
	}
	return "says nothing"
}
