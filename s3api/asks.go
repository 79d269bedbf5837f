package s3api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/inventory"
	"reseal/plan"
)

// Ask is what one request of a run asks of policies: whether the caller may do
// Action, with these condition keys.
type Ask struct {
	Request string              // operation
	Action  string              // s3:PutObject, …
	Keys    map[string][]string // in lower case

	open []string // keys that it may have; one that ends in * stands for all that begin so
}

// saidByHeader are the beginnings of the condition keys that follow from what a
// request says: one that it does not say is absent (Service Authorization
// Reference, "Actions, resources, and condition keys for Amazon S3", read
// 2026-11-29).
var saidByHeader = []string{"s3:x-amz-", "s3:object-lock-", "s3:if-", "s3:requestobjecttag", "s3:versionid"}

// MayHave tells of a key, in lower case, that is not in Keys whether the request
// may have it all the same: as the object decides that, or as only S3 sees it.
func (a *Ask) MayHave(key string) bool {
	matches := func(pattern string) bool {
		if start, ok := strings.CutSuffix(pattern, "*"); ok {
			return strings.HasPrefix(key, start)
		}
		return key == pattern
	}
	if slices.ContainsFunc(a.open, matches) {
		return true
	}
	return !slices.ContainsFunc(saidByHeader, func(start string) bool { return strings.HasPrefix(key, start) })
}

// Asks lists what the requests about the task's object ask of policies. They are
// made as a run makes them, and not sent. Where the object was not looked at, what
// a look decides is open.
func (c *Client) Asks(rc RewriteConfig, t *plan.Task) ([]Ask, error) {
	task := *t
	a := &asking{w: &work{Rewriter: c.bare(rc), task: &task}, looks: t.NeedHead || t.Head != nil}
	if t.Head == nil && (t.NeedHead || t.Action == plan.MultipartCopy) {
		task.Head = assumed(&t.Record)
		a.assume(&t.Record)
	}
	if rc.Facts.ACLs != plan.No {
		a.open = append(a.open, "s3:x-amz-grant-*")
	}
	if rc.Options.SSE == plan.TargetKMS && rc.Options.KMSKeyID == "" { // nobody has named it yet
		a.open = append(a.open, "s3:x-amz-server-side-encryption-aws-kms-key-id")
	}
	a.lookAsks()
	var err error
	switch t.Action {
	case plan.Copy:
		err = a.copy()
	case plan.MultipartCopy:
		err = a.multipart()
	case plan.Update:
		err = a.update()
	}
	if confirmed := rc.Facts.Versioning != plan.Unversioned; confirmed && t.Action != plan.Skip {
		a.read(plan.StepConfirm, "s3:GetObjectVersion", "*")
	}
	return a.out, err
}

// asking collects the asks of one task.
type asking struct {
	w     *work
	looks bool
	open  []string // that writes may have
	out   []Ask
}

// assumed stands for the look at an object that nobody made.
func assumed(r *inventory.Record) *plan.Head {
	h := &plan.Head{ETag: r.ETag, VersionID: r.VersionID, Size: max(r.Size, 1), StorageClass: r.StorageClass, TagCount: -1}
	if h.ETag == "" {
		h.ETag = "any"
	}
	return h
}

// assume opens what a look at the object is going to decide.
func (a *asking) assume(r *inventory.Record) {
	f := &a.w.config.Facts
	a.open = append(a.open, "s3:x-amz-website-redirect-location")
	if f.ObjectLock != plan.No {
		a.open = append(a.open, "s3:object-lock-*")
	}
	if r.StorageClass == "" || f.Transitions != plan.No {
		a.open = append(a.open, "s3:x-amz-storage-class")
	}
}

// lookAsks are those of the requests that only read.
func (a *asking) lookAsks() {
	f, version := &a.w.config.Facts, a.w.meant()
	of := func(action string) string {
		if version != "" {
			return strings.Replace(action, "s3:GetObject", "s3:GetObjectVersion", 1)
		}
		return action
	}
	if a.looks {
		a.read(plan.StepHead, of("s3:GetObject"), version)
	}
	a.read(plan.StepGetTags, of("s3:GetObjectTagging"), version) // snapshots and copies in parts
	if f.ACLs != plan.No {
		a.read(plan.StepGetACL, of("s3:GetObjectAcl"), version)
	}
	if a.w.task.Action != plan.Update && f.ObjectLock != plan.No {
		a.read(plan.StepGetRetention, SeeRetention, "")
		a.read(plan.StepGetLegalHold, SeeLegalHold, "")
	}
	if a.w.task.Action == plan.MultipartCopy && f.AWS != plan.No {
		a.read(plan.StepListAnnotations, "s3:ListObjectAnnotations", "*")
	}
}

// read adds a request that has nothing but its address; version is * for some.
func (a *asking) read(k plan.StepKind, action, version string) {
	ask := Ask{Request: k.String(), Action: action, Keys: a.signed()}
	ask.Keys["s3:x-amz-content-sha256"] = []string{noPayload}
	switch version {
	case "":
	case "*":
		ask.open = []string{"s3:versionid"}
	default:
		ask.Keys["s3:versionid"] = []string{version}
	}
	a.out = append(a.out, ask)
}

// signed are the keys that all requests have.
func (a *asking) signed() map[string][]string {
	keys := map[string][]string{"s3:signatureversion": {"AWS4-HMAC-SHA256"}, "s3:authtype": {"REST-HEADER"}}
	if a.w.owner != nil { // else S3 refuses the request
		keys["s3:resourceaccount"], keys["aws:resourceaccount"] = []string{*a.w.owner}, []string{*a.w.owner}
	}
	return keys
}

// copy adds a CopyObject and what it takes besides: its source is read, and what it
// brings along is set, for which S3 asks further permissions. Whether those are
// judged with the copy's keys is stated nowhere, so they may have them.
func (a *asking) copy() error {
	in, err := a.w.copyInput()
	if err != nil {
		return err
	}
	ask, err := a.made(plan.StepCopy, func(c *s3.Client, o func(*s3.Options)) error {
		_, err := c.CopyObject(context.Background(), in, o)
		return err
	})
	if err != nil {
		return err
	}
	ask.Action = "s3:PutObject"
	a.out = append(a.out, ask)
	a.besides(&ask, "s3:GetObject", "s3:GetObjectTagging")
	a.set(&ask)
	return nil
}

// multipart adds the requests of a copy in parts. What the upload was begun with
// counts for its parts, as policies on encryption headers let uploads in parts
// pass whose parts have none; what else does is stated nowhere.
func (a *asking) multipart() error {
	w := a.w
	in, err := w.createInput(attributes{head: w.task.Head})
	if err != nil {
		return err
	}
	begun, err := a.made(plan.StepCreate, func(c *s3.Client, o func(*s3.Options)) error {
		_, err := c.CreateMultipartUpload(context.Background(), in, o)
		return err
	})
	if err != nil {
		return err
	}
	begun.Action = "s3:PutObject"
	if w.task.Head.TagCount != 0 {
		begun.open = append(begun.open, "s3:requestobjecttag*")
	}
	a.out = append(a.out, begun)
	id := "upload"
	for _, one := range []struct {
		kind plan.StepKind
		send func(*s3.Client, func(*s3.Options)) error
	}{
		{plan.StepPart, func(c *s3.Client, o func(*s3.Options)) error {
			_, err := c.UploadPartCopy(context.Background(), w.partInput(&upload{id: id}, 1, 1), o)
			return err
		}},
		{plan.StepComplete, func(c *s3.Client, o func(*s3.Options)) error {
			_, err := c.CompleteMultipartUpload(context.Background(), w.completeInput(&upload{id: id}, attributes{head: w.task.Head}), o)
			return err
		}},
	} {
		ask, err := a.made(one.kind, one.send)
		if err != nil {
			return err
		}
		ask.Action = "s3:PutObject"
		for key, values := range begun.Keys {
			switch _, own := ask.Keys[key]; {
			case own:
			case strings.HasPrefix(key, "s3:x-amz-server-side-encryption"):
				ask.Keys[key] = values
			default:
				ask.open = append(ask.open, key)
			}
		}
		ask.open = append(ask.open, begun.open...)
		a.out = append(a.out, ask)
		if one.kind == plan.StepPart {
			a.besides(&ask, "s3:GetObject")
		}
	}
	a.set(&begun)
	return nil
}

// set adds the permissions to set what goes along with the object.
func (a *asking) set(ask *Ask) {
	f := &a.w.config.Facts
	a.besides(ask, "s3:PutObjectTagging")
	if f.ACLs != plan.No || a.w.config.Options.ACL != "" {
		a.besides(ask, "s3:PutObjectAcl")
	}
	if f.ObjectLock != plan.No {
		a.besides(ask, "s3:PutObjectRetention", "s3:PutObjectLegalHold")
	}
}

// besides adds actions that a request takes besides its own.
func (a *asking) besides(ask *Ask, actions ...string) {
	for _, action := range actions {
		also := Ask{Request: ask.Request, Action: action, Keys: a.signed(), open: ask.open}
		for key := range ask.Keys {
			if _, own := also.Keys[key]; !own {
				also.open = append(slices.Clone(also.open), key)
			}
		}
		a.out = append(a.out, also)
	}
}

// update adds an UpdateObjectEncryption. Its key is in the body; whether policies
// see it is stated nowhere.
func (a *asking) update() error {
	ask, err := a.made(plan.StepUpdate, func(c *s3.Client, o func(*s3.Options)) error {
		_, err := c.UpdateObjectEncryption(context.Background(), a.w.updateInput(a.w.namedVersion()), o)
		return err
	})
	ask.Action, ask.open = "s3:UpdateObjectEncryption", append(ask.open, "s3:x-amz-server-side-encryption*")
	a.out = append(a.out, ask)
	return err
}

// made turns a request, as the SDK makes it, into condition keys.
func (a *asking) made(k plan.StepKind, send func(*s3.Client, func(*s3.Options)) error) (Ask, error) {
	ask := Ask{Request: k.String(), Keys: a.signed()}
	r, err := unsent(a.w.s3, send)
	if err != nil {
		return ask, err
	}
	if k == plan.StepCopy || k == plan.StepCreate {
		ask.open = slices.Clone(a.open)
	}
	conditionKeysOf(r, ask.Keys)
	if ask.Keys["s3:object-lock-retain-until-date"] != nil {
		ask.open = append(ask.open, "s3:object-lock-remaining-retention-days")
	}
	if source := ask.Keys["s3:x-amz-copy-source"]; source != nil && strings.Contains(source[0], "%") {
		ask.open = append(ask.open, "s3:x-amz-copy-source") // as it is sent, or decoded: stated nowhere
	}
	for key := range ask.Keys {
		if slices.Contains(ask.open, key) {
			delete(ask.Keys, key)
		}
	}
	return ask, nil
}

// conditionKeysOf adds the condition keys that a request has by its header and query.
func conditionKeysOf(r *http.Request, keys map[string][]string) {
	for name, values := range r.Header {
		name = strings.ToLower(name)
		switch {
		case name == fieldDate, name == fieldAuth:
		case name == "x-amz-tagging":
			tagKeys(values[0], keys)
		case strings.HasPrefix(name, "x-amz-object-lock-"):
			keys["s3:"+strings.TrimPrefix(name, "x-amz-")] = values
		case strings.HasPrefix(name, "x-amz-"), name == "if-match", name == "if-none-match":
			keys["s3:"+name] = values
		}
	}
	if version := r.URL.Query()["versionId"]; version != nil {
		keys["s3:versionid"] = version
	}
}

func tagKeys(header string, keys map[string][]string) {
	tags, err := url.ParseQuery(header)
	if err != nil {
		return // it was written by encodeTags
	}
	for name, values := range tags {
		keys["s3:requestobjecttag/"+strings.ToLower(name)] = values
		keys["s3:requestobjecttagkeys"] = append(keys["s3:requestobjecttagkeys"], name)
	}
}
