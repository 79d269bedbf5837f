package simulator

import (
	"encoding/base64"
	"encoding/json"
	"slices"
)

// S3's values for x-amz-server-side-encryption.
const (
	algorithmS3   = "AES256"
	algorithmKMS  = "aws:kms"
	algorithmDSSE = "aws:kms:dsse"
)

// BucketEncryption is a bucket's default encryption. BlockedTypes holds SSE-C, or NONE, or nothing.
type BucketEncryption struct {
	Algorithm        string // AES256, aws:kms, aws:kms:dsse
	KMSKeyID         string
	BucketKeyEnabled bool
	BlockedTypes     []string
}

// encryptionFor decides how a write to bucket b is encrypted: as its headers say, else as the bucket's default says
// (S3 User Guide, bucket-encryption, specifying-kms-encryption and configuring-bucket-key-object, read 2026-11-21).
func (c *call) encryptionFor(b *bucket, h *EncryptionHeaders) (Encryption, *Error) {
	if c.w.knobs.IgnoreEncryptionHeaders {
		h = &EncryptionHeaders{}
	}
	if err := h.check(); err != nil {
		return Encryption{}, err
	}
	if h.CustomerAlgorithm != "" {
		if slices.Contains(b.defaultEncryption().BlockedTypes, string(SSEC)) {
			return Encryption{}, accessDenied()
		}
		return Encryption{Type: SSEC, CustomerKeyMD5: h.CustomerKeyMD5}, nil
	}
	def := b.defaultEncryption()
	algorithm, keyID := h.Algorithm, h.KMSKeyID
	if algorithm == "" {
		algorithm, keyID = def.Algorithm, def.KMSKeyID
	}
	if algorithm == algorithmS3 {
		return Encryption{Type: SSES3}, nil
	}
	if err := c.secure(); err != nil {
		return Encryption{}, err
	}
	e := Encryption{Type: SSEKMS, Context: h.Context, BucketKeyEnabled: def.BucketKeyEnabled}
	if h.BucketKeyEnabled != nil {
		e.BucketKeyEnabled = *h.BucketKeyEnabled
	}
	if algorithm == algorithmDSSE {
		e.Type, e.BucketKeyEnabled = DSSEKMS, false
	}
	if keyID == "" {
		// Not the bucket's default key: specifying-kms-encryption says aws/s3.
		e.KMSKeyARN = c.w.awsManagedKey(c.account(), b.region).ARN
		return e, nil
	}
	k, err := c.w.findKey(b.region, c.account(), keyID)
	if err != nil {
		return Encryption{}, kmsThroughS3(err)
	}
	e.KMSKeyARN = k.ARN
	return e, nil
}

// check refuses headers that do not go together (S3 API Reference, PutObject).
func (h *EncryptionHeaders) check() *Error {
	switch {
	case h.CustomerAlgorithm != "" && (h.Algorithm != "" || h.KMSKeyID != ""):
		return invalidArgument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
	case h.CustomerAlgorithm != "" && h.CustomerAlgorithm != algorithmS3:
		return fail(400, "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
	case h.CustomerAlgorithm != "" && h.CustomerKeyMD5 == "":
		return invalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.")
	case h.Algorithm != "" && h.Algorithm != algorithmS3 && h.Algorithm != algorithmKMS && h.Algorithm != algorithmDSSE:
		return fail(400, "InvalidEncryptionAlgorithmError", "The encryption request that you specified is not valid. The valid value is AES256 or aws:kms.")
	case (h.KMSKeyID != "" || h.Context != "") && h.Algorithm != algorithmKMS && h.Algorithm != algorithmDSSE:
		return invalidArgument("Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
	case h.Algorithm == algorithmDSSE && h.BucketKeyEnabled != nil && *h.BucketKeyEnabled:
		return invalidArgument("Bucket keys are not supported for dual-layer server-side encryption with AWS KMS keys.")
	case h.Context != "" && !validContext(h.Context):
		return invalidArgument("The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map")
	}
	return nil
}

// sent tells whether any encryption was asked for, which makes a copy onto itself legal.
func (h *EncryptionHeaders) sent() bool {
	return h.Algorithm != "" || h.CustomerAlgorithm != "" || h.KMSKeyID != "" || h.BucketKeyEnabled != nil
}

func validContext(encoded string) bool {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	var pairs map[string]string
	return err == nil && json.Unmarshal(raw, &pairs) == nil
}

// contextPairs are those of an encryption context that was checked.
func contextPairs(encoded string) (pairs map[string]string) {
	if encoded == "" {
		return nil
	}
	if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
		_ = json.Unmarshal(raw, &pairs) // validContext has seen to it
	}
	return pairs
}

// secure refuses requests for KMS objects without TLS or SigV4 (S3 User Guide, UsingKMSEncryption, read 2026-11-21).
func (c *call) secure() *Error {
	if c.req.Plaintext {
		return invalidArgument("Requests specifying Server Side Encryption with AWS KMS managed keys must be made over a secure connection.")
	}
	if c.req.Unsigned {
		return invalidArgument("Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.")
	}
	return nil
}

// wrap makes the KMS calls of a write under e.
func (c *call) wrap(b *bucket, e *Encryption) *Error {
	if e.Type != SSEKMS && e.Type != DSSEKMS {
		return nil
	}
	return c.useKey("GenerateDataKey", e, b, c.key)
}

// unwrap makes the KMS calls of a read under e, and checks the customer's key of SSE-C.
func (c *call) unwrap(b *bucket, key string, e *Encryption, customerKeyMD5 string) *Error {
	switch e.Type {
	case SSEC:
		return c.customerKey(e, customerKeyMD5)
	case SSEKMS, DSSEKMS:
		if err := c.secure(); err != nil {
			return err
		}
		return c.useKey("Decrypt", e, b, key)
	}
	return nil
}

func (c *call) customerKey(e *Encryption, customerKeyMD5 string) *Error {
	switch {
	case e.Type != SSEC && customerKeyMD5 != "":
		return invalidRequest("The encryption parameters are not applicable to this object.")
	case e.Type == SSEC && customerKeyMD5 == "":
		return invalidRequest("The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
	case e.Type == SSEC && e.CustomerKeyMD5 != "" && customerKeyMD5 != e.CustomerKeyMD5:
		return accessDenied()
	}
	return nil
}

// shown is e as answers to writes state it.
func (c *call) shown(e Encryption) Encryption {
	if c.w.knobs.SilentSSE {
		return Encryption{}
	}
	return e
}
