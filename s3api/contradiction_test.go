package s3api

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/plan"
)

// lying has each answer to r changed by a function.
func lying(r *Rewriter, change func(answer any)) *Rewriter {
	r.slim = nil
	r.s3 = s3.New(r.s3.Options(), func(o *s3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Lie",
				func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
					out, meta, err := next.HandleInitialize(ctx, in)
					if err == nil {
						change(out.Result)
					}
					return out, meta, err
				}), middleware.Before)
		})
	})
	return r
}

// A tag set that is not what HeadObject counts is not gone by: the object stays as it
// is, and nobody says that another client changed it.
func TestTagsThatContradictHeadObject(t *testing.T) {
	s := simulate(t, simulator.Config{})
	was := seedLarge(t, s, "film")
	o := anOptions()
	for _, tt := range []struct {
		name  string
		lies  func(n int) bool // about the nth read of the tags
		short int              // tags that are shown then
		fails bool
	}{
		{"none, from the first", func(int) bool { return true }, 0, true},
		{"some, from the first", func(int) bool { return true }, 1, true},
		{"none, before the completion", func(n int) bool { return n > 1 }, 0, true},
		{"none, once", func(n int) bool { return n == 1 }, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 0
			r := lying(rewriter(t, s.aws, RewriteConfig{Options: o, Facts: facts(t, s.aws, bucket)}), func(answer any) {
				if out, ok := answer.(*s3.GetObjectTaggingOutput); ok {
					if n++; tt.lies(n) {
						out.TagSet = out.TagSet[:tt.short:tt.short]
					}
				}
			})
			task := inspected(t, r, "film")
			_, err := r.Rewrite(t.Context(), task, &gate{})
			if !tt.fails {
				if err != nil || len(s.now(t, "film").Tags) != len(was.Tags) {
					t.Errorf("%v, tags %v; want what the second answer says", err, s.now(t, "film").Tags)
				}
				return
			}
			oe := objectError(t, err)
			if oe.Class != engine.Permanent || oe.Reason != plan.RequestError || !oe.Untouched || !strings.Contains(oe.Words(), "HeadObject counts 2 tags") ||
				!strings.HasPrefix(oe.Words(), "nothing was written") {
				t.Errorf("class %v, reason %q, untouched %v: %v", oe.Class, oe.Reason, oe.Untouched, oe.Words())
			}
			if is := s.now(t, "film"); is.ETag != was.ETag || len(is.Tags) != 2 || s.uploads(t) != 0 {
				t.Errorf("%d uploads left, and the object is %+v; want it untouched", s.uploads(t), is)
			}
		})
	}
}

// A snapshot is none where the tags are not as many as are counted: neither canary
// nor verify call that a loss.
func TestSnapshotOfContradictedTags(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	r := lying(rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)}), func(answer any) {
		if out, ok := answer.(*s3.GetObjectTaggingOutput); ok {
			out.TagSet = []types.Tag{}
		}
	})
	_, err := r.Snapshot(t.Context(), inspected(t, r, "film"), &gate{})
	var two *contradiction
	if oe := objectError(t, err); oe.Class != engine.Permanent || !oe.Contradicted || !errors.As(err, &two) || strings.Contains(oe.Words(), "written") {
		t.Errorf("class %v: %v; want a contradiction, and no word of a write", oe.Class, err)
	}
}

// Tags that a client takes away or adds after the first look are no contradiction.
func TestTagsThatAClientChanges(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	s.world(t, func(w *simulator.World, now time.Time, q simulator.Request) error {
		_, err := w.PutObjectTagging(now, &simulator.ObjectInput{Request: q, Key: "film"}, []simulator.Tag{{Key: "team", Value: "sound"}})
		return failed(err)
	})
	if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	if is := s.now(t, "film"); len(is.Tags) != 1 || is.Encryption.Type != simulator.SSEKMS {
		t.Errorf("tags %v under %s; want the client's", is.Tags, is.Encryption.Type)
	}
}
