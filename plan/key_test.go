package plan

import (
	"testing"

	"reseal/inventory"
)

// A row that names the key decides like a look: no HeadObject is needed to tell whether
// an object is under the key.
func TestDecideByTheKeyOfTheRow(t *testing.T) {
	const bare = "1234abcd-12ab-34cd-56ef-1234567890ab"
	tests := []struct {
		name      string
		options   func(*Options)
		key       string
		bucketKey string
		action    Action
		reason    Reason
		head      bool
	}{
		{name: "under the key", key: keyARN, bucketKey: "ENABLED", reason: AlreadyEncrypted},
		{name: "under the key, by its id", key: bare, bucketKey: "ENABLED", reason: AlreadyEncrypted},
		{name: "under another", key: otherARN, bucketKey: "ENABLED", action: Copy},
		{name: "under another, bucket key unknown", key: otherARN, action: Copy},
		{name: "under the key without a bucket key", key: keyARN, bucketKey: "DISABLED", action: Copy},
		{name: "under the key, bucket key unknown", key: keyARN, action: Copy, head: true},
		{name: "key unknown", bucketKey: "ENABLED", action: Copy, head: true},
		{name: "an alias is no key", key: "arn:aws:kms:eu-west-1:111122223333:alias/a", bucketKey: "ENABLED", action: Copy, head: true},
		{name: "without --rekey", options: func(o *Options) { o.Rekey = false }, key: otherARN, reason: AlreadyEncrypted},
		{name: "the way back", options: func(o *Options) { o.SSE, o.Rekey = TargetAES256, false }, key: keyARN, bucketKey: "ENABLED", action: Copy},
		{name: "from that key", options: func(o *Options) { o.FromKeys = []string{otherARN} }, key: otherARN, action: Copy},
		{name: "from another key", options: func(o *Options) { o.FromKeys = []string{bare} }, key: otherARN, reason: Filtered},
		{name: "from a key, none known", options: func(o *Options) { o.FromKeys = []string{otherARN} }, action: Copy, head: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := policy(func(p *Policy) {
				p.Options.Rekey = true
				if tt.options != nil {
					tt.options(&p.Options)
				}
			})
			task := p.Decide(row(func(r *inventory.Record) {
				r.Encryption, r.KMSKeyARN, r.BucketKey = inventory.SSEKMS, tt.key, tt.bucketKey
			}))
			if task.Action != tt.action || task.Reason != tt.reason || task.NeedHead != tt.head {
				t.Errorf("%v %q, head %v; want %v %q, head %v", task.Action, task.Reason, task.NeedHead, tt.action, tt.reason, tt.head)
			}
		})
	}
}

// --from-key goes by what a look shows, also where the row said something else.
func TestFromKeyByLook(t *testing.T) {
	p := policy(func(p *Policy) { p.Options.Rekey, p.Options.FromKeys = true, []string{otherARN} })
	rows := map[string]*inventory.Record{
		"key unknown":        row(func(r *inventory.Record) { r.Encryption = inventory.SSEKMS }),
		"encryption unknown": row(func(r *inventory.Record) { r.Encryption = "" }),
		"row is old":         row(func(r *inventory.Record) { r.Encryption, r.KMSKeyARN = inventory.SSEKMS, otherARN }),
	}
	for name, rec := range rows {
		if name != "row is old" && len(p.Options.Unsure(rec)) != 1 {
			t.Errorf("%s: unsure by %q, want --from-key", name, p.Options.Unsure(rec))
		}
		for _, tt := range []struct {
			head   Head
			reason Reason
		}{
			{Head{Encryption: inventory.SSEKMS, KMSKeyID: otherARN}, ""},
			{Head{Encryption: inventory.SSEKMS, KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:key/third"}, Filtered},
			{Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true}, AlreadyEncrypted},
			{Head{Encryption: inventory.SSES3}, Filtered},
		} {
			tt.head.ETag, tt.head.StorageClass = "e", inventory.Standard
			if got := p.DecideHead(p.Decide(rec), &tt.head); got.Reason != tt.reason || (got.Action == Skip) != (tt.reason != "") {
				t.Errorf("%s, look at %s %s: %v %q, want %q", name, tt.head.Encryption, tt.head.KMSKeyID, got.Action, got.Reason, tt.reason)
			}
		}
	}
	if got := p.Decide(row(nil)); got.Reason != Filtered {
		t.Errorf("SSE-S3 is under no key: %v %q", got.Action, got.Reason)
	}
}
