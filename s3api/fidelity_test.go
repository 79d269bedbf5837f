package s3api

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/inventory"
	"reseal/plan"
)

func TestGrants(t *testing.T) {
	text := func(s string) *string { return &s }
	owner := text("owner1")
	id := func(s string, p types.Permission) types.Grant {
		return types.Grant{Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: &s}, Permission: p}
	}
	full := id("owner1", types.PermissionFullControl)
	for _, tt := range []struct {
		name string
		acl  []types.Grant
		want grants
		bad  bool
	}{
		{"private", []types.Grant{full}, grants{}, false},
		{"nobody", []types.Grant{{Grantee: &types.Grantee{Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}}, grants{}, false},
		{"none", nil, grants{}, false},
		{"another's", []types.Grant{id("owner2", types.PermissionFullControl)}, grants{FullControl: `id="owner2"`}, false},
		{"owner reads only", []types.Grant{id("owner1", types.PermissionRead)}, grants{Read: `id="owner1"`}, false},
		{"several", []types.Grant{id("z", types.PermissionRead), full, id("a", types.PermissionRead), id("a", types.PermissionReadAcp), id("b", types.PermissionWriteAcp)},
			grants{`id="owner1"`, `id="a", id="z"`, `id="a"`, `id="b"`}, false},
		{"email", []types.Grant{full, {Grantee: &types.Grantee{EmailAddress: text("a@b.c")}, Permission: types.PermissionRead}},
			grants{FullControl: `id="owner1"`, Read: `emailAddress="a@b.c"`}, false},
		{"header break", []types.Grant{full, {Grantee: &types.Grantee{URI: text("http://x\"\r\nX-Evil: 1")}, Permission: types.PermissionRead}}, grants{}, true},
		{"write", []types.Grant{full, id("a", types.PermissionWrite)}, grants{}, true},
		{"nobody among others", []types.Grant{full, {Permission: types.PermissionRead}}, grants{}, true},
	} {
		got, err := grantsOf(owner, tt.acl)
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("%s: %+v, %v; want %+v, error %v", tt.name, got, err, tt.want, tt.bad)
		}
	}
}

func TestLostByWrite(t *testing.T) {
	day := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	full := plan.Head{ContentType: "a/b", CacheControl: "c", ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "l", Expires: "x",
		Metadata: map[string]string{"k": "v"}, TagCount: 2, StorageClass: inventory.StandardIA, Redirect: "/r",
		LockMode: "GOVERNANCE", LockRetainUntil: day, LegalHold: "ON", EventHold: "ON"}
	for _, tt := range []struct {
		change func(*plan.Head)
		want   string
	}{
		{func(*plan.Head) {}, ""},
		{func(h *plan.Head) { h.ContentType = "binary/octet-stream" }, "Content-Type"},
		{func(h *plan.Head) { h.CacheControl = "" }, "Cache-Control"},
		{func(h *plan.Head) { h.ContentDisposition = "" }, "Content-Disposition"},
		{func(h *plan.Head) { h.ContentEncoding = "" }, "Content-Encoding"},
		{func(h *plan.Head) { h.ContentLanguage = "" }, "Content-Language"},
		{func(h *plan.Head) { h.Expires = "" }, "Expires"},
		{func(h *plan.Head) { h.Metadata = nil }, "user metadata"},
		{func(h *plan.Head) { h.Metadata = map[string]string{"k": "v", "new": "1"} }, "user metadata"},
		{func(h *plan.Head) { h.MissingMeta = 1 }, "metadata that headers cannot express"},
		{func(h *plan.Head) { h.TagCount = 0 }, "tags"},
		{func(h *plan.Head) { h.TagCount = -1 }, ""}, // not shown
		{func(h *plan.Head) { h.StorageClass = inventory.Standard }, "storage class"},
		{func(h *plan.Head) { h.Redirect = "" }, "website redirect"},
		{func(h *plan.Head) { h.LockMode = "" }, "retention"},
		{func(h *plan.Head) { h.LockRetainUntil = day.Add(-time.Second) }, "retention"},
		{func(h *plan.Head) { h.LockRetainUntil = day.Add(time.Second) }, "retention"},
		{func(h *plan.Head) { h.LegalHold = "OFF" }, "legal hold"},
		{func(h *plan.Head) { h.EventHold = "" }, "event hold"},
		{func(h *plan.Head) { h.StorageClass, h.Expires = inventory.Standard, "" }, "Expires, storage class"},
	} {
		after := full
		tt.change(&after)
		if got := words(lostByWrite(&full, &after)); got != tt.want {
			t.Errorf("lost %q, want %q", got, tt.want)
		}
	}
	gained := plan.Head{StorageClass: inventory.Standard, LockMode: "GOVERNANCE", LockRetainUntil: day, ContentType: "x"}
	if got := words(lostByWrite(&plan.Head{StorageClass: inventory.Standard}, &gained)); got != "Content-Type, retention that it did not have" {
		t.Errorf("what was gained: %s", got)
	}
}
