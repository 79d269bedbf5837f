package selfcheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/plan"
	"reseal/s3api"
)

// experiment is one scratch object with an attribute of each kind, seen before
// and after it was re-encrypted in one way.
type experiment struct {
	way    string // for people
	name   string // of the object
	before *plan.Snapshot
	after  *plan.Snapshot
	answer s3api.Written
	failed string // why there is no after, "" where there is one
	lacks  string // permission for want of which it failed, "" for other reasons
}

// fails notes that a request of the experiment failed.
func (e *experiment) fails(op string, r *s3api.Reply) {
	e.failed, e.lacks = op+" answered "+why(r), r.Lacks
}

// unable is the finding of an item that needs the experiment, which failed.
func (e *experiment) unable() Finding {
	if e.lacks != "" {
		return lacking(e.lacks, e.failed)
	}
	return skipped(e.failed)
}

// scratchClass is the storage class of the experiments' objects: one that has no
// minimum duration and that open servers know.
const scratchClass = "REDUCED_REDUNDANCY"

const (
	scratchRedirect  = "/reseal-selfcheck"
	scratchAlgorithm = "CRC32" // one that an upload can have over the whole object
)

// experimentDemand is what the three experiments take at most.
func experimentDemand() plan.Demand { return writes(12).Add(reads(27)) }

// copied is an object after a CopyObject onto itself.
func (r *run) copied(ctx context.Context) *experiment {
	if r.copies == nil {
		r.copies = r.experiment(ctx, "copy", func(e *experiment, name, grantee string) {
			e.answer = r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, Class: scratchClass, Redirect: scratchRedirect, Grantee: grantee,
				SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true})
			if e.answer.Err != nil {
				e.fails("CopyObject", &e.answer.Reply)
			}
		})
	}
	return r.copies
}

// inParts is an object after a multipart copy onto itself.
func (r *run) inParts(ctx context.Context) *experiment {
	if r.parts == nil {
		r.parts = r.experiment(ctx, "copy in parts", func(e *experiment, name, grantee string) {
			p := s3api.ScratchParts{Name: name, Parts: 1, Class: scratchClass, Redirect: scratchRedirect, Grantee: grantee,
				SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true, Algorithm: scratchAlgorithm}
			var step string
			if e.answer, step = r.scratch.CopyInParts(ctx, p); e.answer.Err != nil {
				p.Algorithm = "" // where the endpoint takes no algorithm, it is still known what else it keeps
				first := fmt.Sprintf("with a checksum algorithm, %s answered %s", step, why(&e.answer.Reply))
				if e.answer, step = r.scratch.CopyInParts(ctx, p); e.answer.Err != nil {
					e.failed, e.lacks = first+fmt.Sprintf("; without, %s answered %s", step, why(&e.answer.Reply)), e.answer.Lacks
				}
			}
		})
	}
	return r.parts
}

// updated is an object after an UpdateObjectEncryption.
func (r *run) updated(ctx context.Context) *experiment {
	if r.updates == nil {
		r.updates = r.experiment(ctx, "update", func(e *experiment, name, _ string) {
			reply := r.scratch.Update(ctx, name, "", r.KeyARN, true)
			if e.answer.Reply = reply; reply.Err != nil {
				e.fails("UpdateObjectEncryption", &reply)
			}
		})
	}
	return r.updates
}

// experiment makes an object, looks, re-encrypts it, and looks again.
func (r *run) experiment(ctx context.Context, way string, rewrite func(e *experiment, name, grantee string)) *experiment {
	name := r.name(strings.ReplaceAll(way, " ", "-"))
	e := &experiment{way: way, name: name}
	o := s3api.ScratchObject{Name: name, Data: body(1000), Class: scratchClass, Redirect: scratchRedirect, Algorithm: scratchAlgorithm}
	w := r.scratch.Put(ctx, o)
	if w.Err != nil {
		e.fails("PutObject", &w.Reply)
		return e
	}
	if r.Facts.ACLs == plan.Yes {
		if id, reply := r.scratch.Owner(ctx, name); reply.Err == nil && id != "" {
			o.Grantee = id
			if w = r.scratch.Put(ctx, o); w.Err != nil {
				o.Grantee = ""
			}
		}
	}
	var err error
	if e.before, err = r.scratch.Snapshot(ctx, name, r.Facts.ACLs); err != nil {
		e.failed, e.lacks = "the object could not be looked at: "+err.Error(), s3api.Lacks(err)
		return e
	}
	if rewrite(e, name, o.Grantee); e.failed != "" {
		return e
	}
	if e.after, err = r.scratch.Snapshot(ctx, name, r.Facts.ACLs); err != nil {
		e.after, e.failed, e.lacks = nil, "the object could not be looked at afterwards: "+err.Error(), s3api.Lacks(err)
	}
	return e
}

// lost tells whether the experiment lost an attribute.
func (e *experiment) lost(r *run, a plan.Attribute) bool {
	return e.after != nil && slices.Contains(e.before.Lost(e.after, r.now()), a)
}
