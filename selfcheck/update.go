package selfcheck

import (
	"bytes"
	"context"
	"fmt"

	"reseal/inventory"
	"reseal/plan"
)

// updateItems are about UpdateObjectEncryption.
func updateItems() []Item {
	return []Item{
		{
			Number: "B60", Title: "UpdateObjectEncryption is understood", Docs: "200, and the object is under the key with the flag; data, ETag and LastModified stay.", Source: updateAPI,
			Effect: "--method update and auto; a server that does not know the request takes it for an upload", demand: reads(1), ask: understandsUpdate,
		},
		{
			Number: "B61", Title: "An update keeps all attributes", Docs: "Metadata and class are documented to stay; tags, ACL and annotations are not named.", Source: updateAPI,
			Effect: "fidelity of --method update", ask: updateKeeps,
		},
		{
			Number: "B62", Title: "An update makes no new version", Docs: "It acts on the version in place.", Source: updateAPI,
			Effect: "no hazard versioned with --method update", ask: updateVersion,
		},
	}
}

// understood tells whether the update experiment did what an update does.
func (e *experiment) understood(key string) string {
	switch b, a := e.before, e.after; {
	case e.failed != "":
		return e.failed
	case a.Head.Size != b.Head.Size || a.Body != b.Body:
		return "200, and the data was replaced: the server took it for an upload"
	case a.Head.ETag != b.Head.ETag || !a.Head.LastModified.Equal(b.Head.LastModified):
		return "200, and ETag or LastModified changed"
	case a.Head.Encryption != inventory.SSEKMS || !plan.SameKey(a.Head.KMSKeyID, key):
		return "200, and HeadObject does not show the key"
	case !a.Head.BucketKey:
		return "200, and HeadObject does not show the bucket key"
	}
	return ""
}

func understandsUpdate(ctx context.Context, r *run) Finding {
	e := r.updated(ctx)
	if e.lacks != "" {
		return e.unable()
	}
	if wrong := e.understood(r.KeyARN); wrong != "" {
		return differs(wrong)
	}
	// A server that stores the request as the object's data may do so later.
	name, w := r.put(ctx, "update-body")
	if w.Err != nil {
		return holds("data, ETag and LastModified are as before; HeadObject shows key and flag")
	}
	reply := r.scratch.Update(ctx, name, "", r.KeyARN, true)
	if data, got := r.scratch.Read(ctx, name); reply.Err == nil && (got.Err != nil || !bytes.Equal(data, body(1000))) {
		return differs("200, and the data reads otherwise than before")
	}
	return holds("data, ETag and LastModified are as before; HeadObject shows key and flag")
}

func updateKeeps(ctx context.Context, r *run) Finding {
	e := r.updated(ctx)
	if e.lacks != "" {
		return e.unable()
	}
	if e.understood(r.KeyARN) != "" {
		return skipped("UpdateObjectEncryption is not understood")
	}
	if lost := e.before.Lost(e.after, r.now()); len(lost) > 0 {
		return differs("lost: " + plan.Words(lost))
	}
	return holds("nothing differs")
}

func updateVersion(ctx context.Context, r *run) Finding {
	e := r.updated(ctx)
	switch {
	case e.lacks != "":
		return e.unable()
	case e.understood(r.KeyARN) != "":
		return skipped("UpdateObjectEncryption is not understood")
	case r.Facts.Versioning != plan.VersioningEnabled:
		return skipped("versioning of the bucket is " + r.Facts.Versioning.String())
	case e.after.Head.VersionID != e.before.Head.VersionID:
		return differs(fmt.Sprintf("version %s became %s", e.before.Head.VersionID, e.after.Head.VersionID))
	}
	return holds("the version id is as before")
}
