package simulator

import (
	"maps"
	"slices"
	"time"
)

// ObjectLockConfig is a bucket's object-lock configuration; at most one of Days and Years is set.
type ObjectLockConfig struct {
	Enabled     bool
	Mode        string // of the default retention; "" when there is none
	Days, Years int
}

// ConfigKind names a bucket configuration that is kept as an opaque document.
type ConfigKind string

const (
	LifecycleConfig    ConfigKind = "lifecycle"
	WebsiteConfig      ConfigKind = "website"
	ReplicationConfig  ConfigKind = "replication"
	NotificationConfig ConfigKind = "notification"
	PolicyConfig       ConfigKind = "policy"
	InventoryConfig    ConfigKind = "inventory" // has an id
	LoggingConfig      ConfigKind = "logging"
	CORSConfig         ConfigKind = "cors"
	TaggingConfig      ConfigKind = "tagging"
	MetadataConfig     ConfigKind = "metadata"
)

type document struct {
	kind ConfigKind
	id   string
}

// configRules are what S3 calls the kinds of configurations: each in its IAM actions, and in the error for one that was
// never put. Without a code, S3 answers an empty one.
var configRules = map[ConfigKind]struct{ action, code, message string }{
	LifecycleConfig:    {"LifecycleConfiguration", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"},
	WebsiteConfig:      {"BucketWebsite", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"},
	ReplicationConfig:  {"ReplicationConfiguration", "ReplicationConfigurationNotFoundError", "The replication configuration was not found"},
	NotificationConfig: {action: "BucketNotification"},
	PolicyConfig:       {"BucketPolicy", "NoSuchBucketPolicy", "The bucket policy does not exist"},
	InventoryConfig:    {"InventoryConfiguration", "NoSuchConfiguration", "The specified configuration does not exist."},
	LoggingConfig:      {action: "BucketLogging"},
	CORSConfig:         {"BucketCORS", "NoSuchCORSConfiguration", "The CORS configuration does not exist"},
	TaggingConfig:      {"BucketTagging", "NoSuchTagSet", "The TagSet does not exist"},
	MetadataConfig:     {"BucketMetadataTableConfiguration", "MetadataConfigurationNotFound", "The metadata configuration does not exist"},
}

// missing is S3's error for a configuration that was never put; nil where S3 answers an empty one.
func (k ConfigKind) missing() *Error {
	rule := configRules[k]
	if rule.code == "" {
		return nil
	}
	return fail(404, rule.code, rule.message)
}

// action is the IAM action for getting or putting a configuration.
func (k ConfigKind) action(verb string) string { return "s3:" + verb + configRules[k].action }

// PutBucketConfig stores doc, which must not be changed afterwards. id is "" but for InventoryConfig.
func (w *World) PutBucketConfig(now time.Time, r *Request, kind ConfigKind, id string, doc []byte) *Error {
	return w.configure(now, OpPutBucketConfig, r, func(c *call) *Error {
		if err := c.allow(kind.action("Put"), c.b, "", nil); err != nil {
			return err
		}
		if kind == PolicyConfig {
			if err := c.checkPolicy(doc); err != nil {
				return err
			}
			public := isPublicPolicy(doc)
			if public && c.w.blocks(c.b).BlockPublicPolicy {
				return c.prevented("policies", "BlockPublicPolicy")
			}
			c.b.publicPolicy = public
		}
		if kind == ReplicationConfig && c.b.versioning != Enabled {
			return invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
		}
		if kind == PolicyConfig || kind == TaggingConfig {
			c.status = 204
		}
		c.b.staleDocument(document{kind, id}).change(c.b.documents[document{kind, id}], w.knobs.StaleConfig)
		c.b.documents[document{kind, id}] = doc
		return nil
	})
}

// GetBucketConfig returns a stored document. A nil document without an error means that S3 answers an empty one.
func (w *World) GetBucketConfig(now time.Time, r *Request, kind ConfigKind, id string) ([]byte, *Error) {
	return run(w, now, OpGetBucketConfig, r, "", func(c *call) ([]byte, *Error) {
		if err := c.allow(kind.action("Get"), c.b, "", nil); err != nil {
			return nil, err
		}
		doc := c.b.staleDocument(document{kind, id}).read(c.b.documents[document{kind, id}])
		if doc == nil {
			return nil, kind.missing()
		}
		return doc, nil
	})
}

// DeleteBucketConfig removes a document; that none is there is no error, except for configurations with an id.
func (w *World) DeleteBucketConfig(now time.Time, r *Request, kind ConfigKind, id string) *Error {
	return w.configure(now, OpDeleteBucketConfig, r, func(c *call) *Error {
		verb := "Put"
		if kind == PolicyConfig || kind == WebsiteConfig {
			verb = "Delete"
		}
		if err := c.allow(kind.action(verb), c.b, "", nil); err != nil {
			return err
		}
		if _, ok := c.b.documents[document{kind, id}]; !ok && kind == InventoryConfig {
			return kind.missing()
		}
		c.b.staleDocument(document{kind, id}).change(c.b.documents[document{kind, id}], w.knobs.StaleConfig)
		delete(c.b.documents, document{kind, id})
		if kind == PolicyConfig {
			c.b.publicPolicy = false
		}
		c.status = 204
		return nil
	})
}

// ListBucketConfigs returns the ids of the stored documents of a kind, sorted.
func (w *World) ListBucketConfigs(now time.Time, r *Request, kind ConfigKind) ([]string, *Error) {
	return run(w, now, OpListBucketConfigs, r, "", func(c *call) ([]string, *Error) {
		if err := c.allow(kind.action("Get"), c.b, "", nil); err != nil {
			return nil, err
		}
		var ids []string
		for d := range maps.Keys(c.b.documents) {
			if d.kind == kind {
				ids = append(ids, d.id)
			}
		}
		slices.Sort(ids)
		return ids, nil
	})
}

// configure runs a request that answers nothing but success.
func (w *World) configure(now time.Time, op Op, r *Request, do func(*call) *Error) *Error {
	_, err := run(w, now, op, r, "", func(c *call) (struct{}, *Error) { return struct{}{}, do(c) })
	return err
}

// PutBucketVersioning sets Enabled or Suspended. Object lock and replication need it enabled.
func (w *World) PutBucketVersioning(now time.Time, r *Request, status string) *Error {
	return w.configure(now, OpPutBucketVersioning, r, func(c *call) *Error {
		_, replicated := c.b.documents[document{kind: ReplicationConfig}]
		switch {
		case status != Enabled && status != Suspended:
			return fail(400, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
		case status == Suspended && c.b.lock.Enabled:
			return fail(409, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		case status == Suspended && replicated:
			return fail(409, "InvalidBucketState", "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.")
		}
		c.b.versioning = status
		return nil
	})
}

// SetMFADelete plays the owner's root user, who alone can switch it, with an MFA device (S3 User Guide,
// MultiFactorAuthenticationDelete).
func (w *World) SetMFADelete(name string, on bool) { w.buckets[name].mfaDelete = on }

// MFADelete tells whether it is on.
func (w *World) MFADelete(name string) bool {
	return w.buckets[name] != nil && w.buckets[name].mfaDelete
}

// GetBucketVersioning returns Enabled, Suspended or "".
func (w *World) GetBucketVersioning(now time.Time, r *Request) (string, *Error) {
	return run(w, now, OpGetBucketVersioning, r, "", func(c *call) (string, *Error) { return c.b.versioning, nil })
}

// PutBucketEncryption replaces the whole default encryption. S3 does not look whether the key exists (S3 API Reference,
// PutBucketEncryption, read 2026-11-21).
func (w *World) PutBucketEncryption(now time.Time, r *Request, e BucketEncryption) *Error {
	return w.configure(now, OpPutBucketEncryption, r, func(c *call) *Error {
		if !slices.Contains([]string{algorithmS3, algorithmKMS, algorithmDSSE}, e.Algorithm) {
			return fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		if e.Algorithm == algorithmS3 && e.KMSKeyID != "" {
			return invalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
		}
		for _, t := range e.BlockedTypes {
			if t != string(SSEC) && t != "NONE" {
				return invalidRequest("The encryption type " + t + " cannot be blocked.")
			}
		}
		e.BlockedTypes = slices.Clone(e.BlockedTypes)
		c.b.stale.encryption.change(c.b.encryption, w.knobs.StaleConfig)
		c.b.encryption = &e
		return nil
	})
}

// GetBucketEncryption returns the default encryption, which is SSE-S3 where none was put.
func (w *World) GetBucketEncryption(now time.Time, r *Request) (BucketEncryption, *Error) {
	return run(w, now, OpGetBucketEncryption, r, "", func(c *call) (BucketEncryption, *Error) {
		seen := bucket{encryption: c.b.stale.encryption.read(c.b.encryption)}
		return seen.defaultEncryption(), nil
	})
}

// DeleteBucketEncryption goes back to SSE-S3.
func (w *World) DeleteBucketEncryption(now time.Time, r *Request) *Error {
	return w.configure(now, OpDeleteBucketEncryption, r, func(c *call) *Error {
		c.b.stale.encryption.change(c.b.encryption, w.knobs.StaleConfig)
		c.b.encryption, c.status = nil, 204
		return nil
	})
}

// PutObjectLockConfiguration turns object lock on, for ever, and sets the default retention.
func (w *World) PutObjectLockConfiguration(now time.Time, r *Request, l ObjectLockConfig) *Error {
	return w.configure(now, OpPutObjectLockConfig, r, func(c *call) *Error {
		if c.b.versioning != Enabled {
			return fail(409, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		retention := l.Mode != "" || l.Days != 0 || l.Years != 0
		if !l.Enabled || retention && (!validLockMode(l.Mode) || (l.Days > 0) == (l.Years > 0) || l.Days < 0 || l.Years < 0) {
			return fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		c.b.lock = l
		return nil
	})
}

// GetObjectLockConfiguration answers 404 where object lock was never turned on.
func (w *World) GetObjectLockConfiguration(now time.Time, r *Request) (ObjectLockConfig, *Error) {
	return run(w, now, OpGetObjectLockConfig, r, "", func(c *call) (ObjectLockConfig, *Error) {
		if !c.b.lock.Enabled {
			return ObjectLockConfig{}, fail(404, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")
		}
		return c.b.lock, nil
	})
}

// PutBucketOwnershipControls sets who owns new objects, and whether ACLs count.
func (w *World) PutBucketOwnershipControls(now time.Time, r *Request, ownership string) *Error {
	return w.configure(now, OpPutOwnershipControls, r, func(c *call) *Error {
		if !validOwnership(ownership) {
			return fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		c.b.ownership = ownership
		return nil
	})
}

// GetBucketOwnershipControls answers 404 after the controls were deleted.
func (w *World) GetBucketOwnershipControls(now time.Time, r *Request) (string, *Error) {
	return run(w, now, OpGetOwnershipControls, r, "", func(c *call) (string, *Error) {
		if c.b.ownership == "" {
			return "", fail(404, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
		}
		return c.b.ownership, nil
	})
}

// DeleteBucketOwnershipControls makes ACLs count again.
func (w *World) DeleteBucketOwnershipControls(now time.Time, r *Request) *Error {
	return w.configure(now, OpDelOwnershipControls, r, func(c *call) *Error {
		c.b.ownership, c.status = "", 204
		return nil
	})
}

// PutBucketRequestPayment sets Requester or BucketOwner.
func (w *World) PutBucketRequestPayment(now time.Time, r *Request, payer string) *Error {
	return w.configure(now, OpPutRequestPayment, r, func(c *call) *Error {
		if payer != "Requester" && payer != "BucketOwner" {
			return fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		c.b.requesterPays = payer == "Requester"
		return nil
	})
}

// GetBucketRequestPayment returns Requester or BucketOwner.
func (w *World) GetBucketRequestPayment(now time.Time, r *Request) (string, *Error) {
	return run(w, now, OpGetRequestPayment, r, "", func(c *call) (string, *Error) {
		if c.b.requesterPays {
			return "Requester", nil
		}
		return "BucketOwner", nil
	})
}
