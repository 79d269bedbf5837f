package access

import (
	"fmt"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// TestVersionActions: a request that names a version needs the action for
// versions, and no other; one about the current version the other one (S3 User
// Guide, "using-with-s3-policy-actions").
func TestVersionActions(t *testing.T) {
	const user = "arn:aws:iam::111122223333:user/one-action"
	requests := []struct {
		plain string // "s3:…Object…", which is "s3:…ObjectVersion…" where a version is named
		send  func(*simulator.World, *stage, simulator.ObjectInput) *simulator.Error
	}{
		{"s3:GetObject", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.HeadObject(s.now, &simulator.GetObjectInput{Request: in.Request, Key: in.Key, VersionID: in.VersionID})
			return err
		}},
		{"s3:GetObject", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.GetObject(s.now, &simulator.GetObjectInput{Request: in.Request, Key: in.Key, VersionID: in.VersionID})
			return err
		}},
		{"s3:GetObjectTagging", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.GetObjectTagging(s.now, &in)
			return err
		}},
		{"s3:PutObjectTagging", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.PutObjectTagging(s.now, &in, nil)
			return err
		}},
		{"s3:DeleteObjectTagging", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.DeleteObjectTagging(s.now, &in)
			return err
		}},
		{"s3:GetObjectAcl", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.GetObjectAcl(s.now, &in)
			return err
		}},
		{"s3:PutObjectAcl", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			return w.PutObjectAcl(s.now, &in, simulator.ACL{Canned: "bucket-owner-full-control"})
		}},
		{"s3:DeleteObject", func(w *simulator.World, s *stage, in simulator.ObjectInput) *simulator.Error {
			_, err := w.DeleteObject(s.now, &simulator.DeleteObjectInput{Request: in.Request, Key: in.Key, VersionID: in.VersionID})
			return err
		}},
	}
	for _, r := range requests {
		for _, named := range []bool{false, true} {
			for _, version := range []bool{false, true} { // the action that is held
				s := newStage(t)
				admin := s.as(admin)
				if err := s.PutBucketVersioning(s.now, &admin, simulator.Enabled); err != nil {
					t.Fatal(err)
				}
				out, err := s.PutObject(s.now, &simulator.PutObjectInput{Request: admin, Key: "k", Body: simulator.Synthetic(10, 1)})
				if err != nil {
					t.Fatal(err)
				}
				held := r.plain
				if version {
					held = strings.Replace(held, "Object", "ObjectVersion", 1)
				}
				if err := s.rules.Grant(user, []byte(fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%q,"Resource":"*"}}`, held))); err != nil {
					t.Fatal(err)
				}
				in := simulator.ObjectInput{Request: s.as(user), Key: "k"}
				if named {
					in.VersionID = out.VersionID
				}
				got := "" // no error
				if err := r.send(s.World, s, in); err != nil {
					got = err.Code
				}
				want := ""
				if named != version {
					want = "AccessDenied"
				}
				if got != want {
					t.Errorf("request for %s, version named %v, by a user who has %s: error %q, want %q", r.plain, named, held, got, want)
				}
			}
		}
	}
}
