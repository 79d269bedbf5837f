package s3api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// withGrants makes the bucket anew with ACLs, and puts one object with grants there.
func withGrants(t *testing.T, s *simulation, ownership string, grants []simulator.Grant) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.DeleteBucket(now, &r); err != nil {
			return err
		}
		if err := w.CreateBucket(now, &simulator.CreateBucketInput{Request: r, ObjectOwnership: ownership}); err != nil {
			return err
		}
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", Grants: grants}, simulator.Synthetic(10, 1))
	})
}

func grantsOfWorld(t *testing.T, s *simulation) (out []simulator.Grant) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		acl, err := w.GetObjectAcl(now, &simulator.ObjectInput{Request: r, Key: "k"})
		if err != nil {
			return err
		}
		out = acl.Grants[1:]
		return nil
	})
	return out
}

func many(n int) (out []simulator.Grant) {
	for i := range n {
		out = append(out, simulator.Grant{Type: "CanonicalUser", Grantee: fmt.Sprintf("%064x", i+1), Permission: "READ"})
	}
	return out
}

// An ACL that no header holds is put after the copy, and one that goes with a
// canned ACL, too. What is owed is known before the completion.
func TestACLThatNoHeaderHolds(t *testing.T) {
	for _, tt := range []struct {
		name      string
		canned    string
		grants    int
		calls     map[simulator.Op]int64
		ownership string
	}{
		{"few", "", 3, map[simulator.Op]int64{simulator.OpCopyObject: 1}, simulator.ObjectWriter},
		{"a hundred", "", 99, map[simulator.Op]int64{simulator.OpCompleteMultipartUpload: 1, simulator.OpPutObjectAcl: 1}, simulator.ObjectWriter},
		{"beside a canned one", plan.BucketOwnerFullControl, 3, map[simulator.Op]int64{simulator.OpCompleteMultipartUpload: 1, simulator.OpPutObjectAcl: 1}, simulator.ObjectWriter},
		{"none beside a canned one", plan.BucketOwnerFullControl, 0, map[simulator.Op]int64{simulator.OpCopyObject: 1}, simulator.BucketOwnerPreferred},
	} {
		s := simulate(t, simulator.Config{})
		withGrants(t, s, tt.ownership, many(tt.grants))
		c := s.aws.Expecting(account)
		rc := RewriteConfig{Options: anOptions(), Facts: facts(t, c, bucket), LocksShown: true}
		rc.Options.ACL = tt.canned
		rc.Notes = &notes{m: map[inventory.Position][]byte{}, kept: map[inventory.Position]bool{}}
		r := rewriter(t, c, rc)
		task := inspected(t, r, "k")
		s.calls()
		effect, err := r.Rewrite(t.Context(), task, &gate{})
		if tt.calls[simulator.OpCompleteMultipartUpload] > 0 {
			if oe := objectError(t, err); oe.Class != engine.InParts {
				t.Fatalf("%s: %v: class %v, want in parts", tt.name, err, oe.Class)
			}
			effect, err = r.Rewrite(t.Context(), againInParts(r, task), &gate{})
		}
		if err != nil || len(effect.PutBack) > 0 {
			t.Fatalf("%s: %v; taken for lost: %v", tt.name, err, effect.PutBack)
		}
		calls := s.calls()
		for _, op := range []simulator.Op{simulator.OpCopyObject, simulator.OpCompleteMultipartUpload, simulator.OpPutObjectAcl} {
			if calls[op] != tt.calls[op] {
				t.Errorf("%s: %d of %s, want %d", tt.name, calls[op], op, tt.calls[op])
			}
		}
		if got := grantsOfWorld(t, s); !slices.Equal(got, many(tt.grants)) {
			t.Errorf("%s: %d grants afterwards, of %d", tt.name, len(got), tt.grants)
		}
	}
}

// A crash between completion and PutObjectAcl leaves the grants to the next look.
func TestOwedACLIsPaidLater(t *testing.T) {
	s := simulate(t, simulator.Config{})
	withGrants(t, s, simulator.ObjectWriter, many(99))
	c := s.aws.Expecting(account)
	n := &notes{m: map[inventory.Position][]byte{}, kept: map[inventory.Position]bool{}}
	rc := RewriteConfig{Options: anOptions(), Facts: facts(t, c, bucket), LocksShown: true, Notes: n}
	r := rewriter(t, c, rc)
	task := againInParts(r, inspected(t, r, "k"))
	if _, err := r.Rewrite(t.Context(), task, &crashGate{}); !errors.Is(err, errKilled) {
		t.Fatalf("Rewrite = %v, want to be killed after the completion", err)
	}
	if !n.kept[inventory.Position{}] {
		t.Error("the debt was not durable")
	}
	if got := grantsOfWorld(t, s); len(got) != 0 {
		t.Fatalf("%d grants before the debt was paid", len(got))
	}
	if _, err := rewriter(t, c, rc).Inspect(t.Context(), task, &gate{}); err != nil {
		t.Fatal(err)
	}
	if got := grantsOfWorld(t, s); !slices.Equal(got, many(99)) {
		t.Errorf("%d grants after the next look, of 99", len(got))
	}
}

// Block Public Access refuses a copy with a grant to everybody: nothing is sent, or,
// where that loss was accepted, all but those grants is, and they are in the result.
func TestPublicGrants(t *testing.T) {
	everybody := simulator.Grant{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}
	one := many(1)[0]
	for _, tt := range []struct {
		name     string
		grants   []simulator.Grant
		bucketIs *simulator.PublicAccessBlock
		accountS *simulator.PublicAccessBlock
		accept   []plan.Attribute
		parts    bool
		want     string // "" done
		after    []simulator.Grant
		left     bool
	}{
		{"blocked by the bucket", []simulator.Grant{one, everybody}, &simulator.PublicAccessBlock{BlockPublicAcls: true}, nil, nil, false, "public-acl", []simulator.Grant{one, everybody}, false},
		{"blocked by the account", []simulator.Grant{one, everybody}, nil, &simulator.PublicAccessBlock{BlockPublicAcls: true}, nil, false, "public-acl", []simulator.Grant{one, everybody}, false},
		{"left out", []simulator.Grant{one, everybody}, nil, &simulator.PublicAccessBlock{BlockPublicAcls: true}, []plan.Attribute{plan.ACL}, false, "", []simulator.Grant{one}, true},
		{"left out, in parts", []simulator.Grant{one, everybody}, &simulator.PublicAccessBlock{BlockPublicAcls: true}, nil, []plan.Attribute{plan.ACL}, true, "", []simulator.Grant{one}, true},
		{"left out, nothing else", []simulator.Grant{everybody}, &simulator.PublicAccessBlock{BlockPublicAcls: true}, nil, []plan.Attribute{plan.ACL}, true, "", []simulator.Grant{}, true},
		{"not blocked", []simulator.Grant{one, everybody}, nil, nil, []plan.Attribute{plan.ACL}, false, "", []simulator.Grant{one, everybody}, false},
		{"no public grant", []simulator.Grant{one}, &simulator.PublicAccessBlock{BlockPublicAcls: true}, nil, nil, false, "", []simulator.Grant{one}, false},
	} {
		s := simulate(t, simulator.Config{})
		withGrants(t, s, simulator.ObjectWriter, tt.grants)
		s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
			if err := w.DeletePublicAccessBlock(now, &r); err != nil {
				return err
			}
			if tt.bucketIs != nil {
				if err := w.PutPublicAccessBlock(now, &r, *tt.bucketIs); err != nil {
					return err
				}
			}
			if tt.accountS != nil {
				_, err := w.AccountPublicAccess(now, &simulator.AccountPublicAccessBlock{Principal: simulator.Principal{Account: account}, Account: account, Set: tt.accountS})
				return failed(err)
			}
			return nil
		})
		c := s.aws.Expecting(account)
		rc := RewriteConfig{Options: anOptions(), Facts: facts(t, c, bucket), LocksShown: true, AcceptLoss: tt.accept}
		r := rewriter(t, c, rc)
		task := inspected(t, r, "k")
		if tt.parts {
			task.Action = plan.MultipartCopy
		}
		s.calls()
		effect, err := r.Rewrite(t.Context(), task, &gate{})
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "":
			oe := objectError(t, err)
			if string(oe.Reason) != tt.want || oe.Class != engine.Permanent || !strings.Contains(err.Error(), "--accept drops-acl") {
				t.Errorf("%s: %v (%s)", tt.name, err, oe.Reason)
			}
			if calls := s.calls(); calls[simulator.OpCopyObject] != 0 {
				t.Errorf("%s: a copy was sent", tt.name)
			}
		}
		if got := grantsOfWorld(t, s); !slices.Equal(got, tt.after) {
			t.Errorf("%s: grants %v, want %v", tt.name, got, tt.after)
		}
		if left := len(effect.LeftOut) == 1 && strings.Contains(fmt.Sprint(effect.LeftOut[0].Before), "AllUsers"); left != tt.left {
			t.Errorf("%s: left out %+v", tt.name, effect.LeftOut)
		}
	}
}

// Where Block Public Access could not be read, the denial of a copy with a grant to
// everybody is one of its own kind, and any other one is not.
func TestPublicGrantsThatMayBeBlocked(t *testing.T) {
	everybody := simulator.Grant{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}
	for _, tt := range []struct {
		name   string
		grants []simulator.Grant
		known  plan.Answer
		fault  simulator.Op // denied whatever it has
		parts  bool
		class  engine.Class
		reason plan.Reason
	}{
		{"a copy", []simulator.Grant{everybody}, plan.Unknown, "", false, engine.Permanent, plan.PublicACL},
		{"in parts", []simulator.Grant{everybody}, plan.Unknown, "", true, engine.Permanent, plan.PublicACL},
		{"no grant to everybody", many(1), plan.Unknown, simulator.OpCopyObject, false, engine.Denied, ""},
		{"not blocked", []simulator.Grant{everybody}, plan.No, simulator.OpCopyObject, false, engine.Denied, ""},
		{"the look is denied", []simulator.Grant{everybody}, plan.Unknown, simulator.OpGetObjectAcl, false, engine.Denied, ""},
	} {
		s := simulate(t, simulator.Config{})
		withGrants(t, s, simulator.ObjectWriter, tt.grants)
		c := s.aws.Expecting(account)
		rc := RewriteConfig{Options: anOptions(), Facts: facts(t, c, bucket), LocksShown: true}
		rc.Facts.BlocksPublicACLs = tt.known
		r := rewriter(t, c, rc)
		task := inspected(t, r, "k")
		if tt.parts {
			task.Action = plan.MultipartCopy
		}
		s.Locked(func(w *simulator.World) {
			if tt.fault != "" {
				w.AddFault(simulator.Fault{Op: tt.fault, Code: "AccessDenied", Message: "Access Denied", HTTPStatus: 403})
			}
		})
		_, err := r.Rewrite(t.Context(), task, &gate{})
		oe := objectError(t, err)
		if oe.Class != tt.class || oe.Reason != tt.reason || oe.HTTPStatus != 403 || strings.Contains(oe.Words(), "may be S3 Block Public Access") != (tt.reason != "") {
			t.Errorf("%s: %v (%s, %q, %d): %s", tt.name, err, oe.Class, oe.Reason, oe.HTTPStatus, oe.Words())
		}
	}
}
