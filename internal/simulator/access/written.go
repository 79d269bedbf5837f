package access

import (
	"math"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// written adds the condition keys of what a request writes, each with the value
// of its header (Service Authorization Reference, "Actions, resources, and condition
// keys for Amazon S3", read 2026-11-29). Attributes of an upload count for its
// parts, too. That a copy's tags and ACL, which take permissions of their own, are
// judged without them is a guess: no page says.
func written(q *simulator.AccessRequest, out map[string][]string) {
	set := func(name, value string) {
		if value != "" {
			out["s3:"+name] = append(out["s3:"+name], value)
		}
	}
	if !q.Principal.Anonymous {
		set("signatureversion", "AWS4-HMAC-SHA256")
	}
	set("resourceaccount", q.Owner)
	w := q.Write
	if w == nil {
		return
	}
	set("x-amz-copy-source", q.CopySource)
	set("x-amz-metadata-directive", q.MetadataDirective)
	set("if-match", q.Conditions.IfMatch)
	set("if-none-match", q.Conditions.IfNoneMatch)
	set("x-amz-server-side-encryption", w.Encryption.Algorithm)
	set("x-amz-server-side-encryption-aws-kms-key-id", q.WriteKey)
	set("x-amz-server-side-encryption-customer-algorithm", w.Encryption.CustomerAlgorithm)
	set("x-amz-acl", w.ACL.Canned)
	set("x-amz-storage-class", string(w.StorageClass))
	set("x-amz-website-redirect-location", w.WebsiteRedirect)
	for _, t := range w.Tags {
		set("requestobjecttag/"+strings.ToLower(t.Key), t.Value)
		set("requestobjecttagkeys", t.Key)
	}
	grants(w.ACL.Grants, set)
	set("object-lock-mode", w.Lock.Mode)
	set("object-lock-legal-hold", w.Lock.LegalHold)
	if until := w.Lock.RetainUntil; !until.IsZero() {
		set("object-lock-retain-until-date", until.UTC().Format(time.RFC3339))
		set("object-lock-remaining-retention-days", strconv.Itoa(int(math.Ceil(until.Sub(q.Now).Hours()/24))))
	}
}

// grants sets the headers that grant.
func grants(all []simulator.Grant, set func(name, value string)) {
	lists := map[string][]string{}
	for _, g := range all {
		who := "id"
		if strings.HasPrefix(g.Grantee, "http") {
			who = "uri"
		}
		lists[g.Permission] = append(lists[g.Permission], who+`="`+g.Grantee+`"`)
	}
	for permission, list := range lists {
		set("x-amz-grant-"+strings.ReplaceAll(strings.ToLower(permission), "_", "-"), strings.Join(list, ", "))
	}
}
