package selfcheck

import (
	"context"
	"fmt"

	"reseal/plan"
	"reseal/s3api"
)

// questionItems are what no document answers, and one request does.
func questionItems() []Item {
	notUnderstood := "asked only where UpdateObjectEncryption is understood"
	update := func(number, title, docs, effect string, demand plan.Demand, ask func(context.Context, *run) Finding) Item {
		return Item{Number: number, Title: title, Docs: docs, Source: noPage, Effect: effect, demand: demand,
			ask: func(ctx context.Context, r *run) Finding {
				if e := r.updated(ctx); e.lacks != "" {
					return e.unable()
				}
				if r.updated(ctx).understood(r.KeyARN) != "" {
					return skipped(notUnderstood)
				}
				return ask(ctx, r)
			}}
	}
	return []Item{
		update("Q01", "An update to the key and flag that an object has already", "No-op or error is not stated.",
			"a repeat after a crash sends it", plan.Demand{}, sameUpdate),
		update("Q02", "An update of the version id null", "Not stated.", "noncurrent versions of suspended buckets", writes(2), nullUpdate),
		update("Q03", "An update of a delete marker, current or named", "The code is not stated; 404 or 405 is expected.",
			"such rows are skipped by the report, and counted as gone where it is old", writes(5), markerUpdate),
		update("Q04", "An update under a key that does not exist", "KMS codes are listed for copies, not for updates.",
			"whether the run stops at once", writes(2), missingKeyUpdate),
		update("Q05", "An update under the AWS managed key aws/s3", "Documents speak of customer managed keys.",
			"--accept aws-managed-key with --method update", writes(2), managedUpdate),
		{
			Number: "Q06", Title: "A copy of an object onto itself that changes nothing", Source: copyObject,
			Docs:   "400 InvalidRequest; seen to succeed in buckets whose default encryption was set by hand.",
			Effect: "none: reseal always states the encryption", demand: writes(2), ask: idleCopy,
		},
		{
			Number: "Q07", Title: "The code for a copy of an archived object", Source: copyObject,
			Docs:   "ObjectNotInActiveTierError is modelled, InvalidObjectState was seen in the field.",
			Effect: "such objects are left alone either way", demand: writes(2), ask: archivedCopy,
		},
		{
			Number: "Q08", Title: "Seconds between the clocks of this machine and the endpoint", Source: noPage,
			Docs: "S3 refuses requests that are more than 15 minutes off.", Effect: "retentions and windows", ask: clock,
		},
	}
}

func answered(reply *s3api.Reply) Finding { return answer(why(reply)) }

// copied is the answer to a copy, of which nothing shows before that the caller may
// send it. An update is asked about only where one went through.
func copied(reply *s3api.Reply) Finding {
	if reply.Lacks != "" {
		return unable("CopyObject", reply)
	}
	return answered(reply)
}

func sameUpdate(ctx context.Context, r *run) Finding {
	e := r.updated(ctx)
	reply := r.scratch.Update(ctx, e.name, "", r.KeyARN, true)
	return answered(&reply)
}

func nullUpdate(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "null-version")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	reply := r.scratch.Update(ctx, name, "null", r.KeyARN, true)
	f := answered(&reply)
	f.Seen += " in a bucket whose versioning is " + r.Facts.Versioning.String()
	return f
}

func markerUpdate(ctx context.Context, r *run) Finding {
	name, f, ok := r.hidden(ctx)
	if !ok {
		return f
	}
	current := r.scratch.Update(ctx, name, "", r.KeyARN, true)
	marker, hide := r.scratch.Hide(ctx, name)
	if hide.Err != nil {
		return answer("current: " + why(&current))
	}
	named := r.scratch.Update(ctx, name, marker, r.KeyARN, true)
	return answer("current: " + why(&current) + "; named: " + why(&named))
}

func missingKeyUpdate(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "update-missing-key")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	reply := r.scratch.Update(ctx, name, "", unknownKey(r.KeyARN), true)
	return answered(&reply)
}

func managedUpdate(ctx context.Context, r *run) Finding {
	key, err := r.Client.Key(ctx, "alias/aws/s3")
	if err != nil {
		return skipped("the key aws/s3 could not be looked up here")
	}
	name, w := r.put(ctx, "update-managed-key")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	reply := r.scratch.Update(ctx, name, "", key.ARN, true)
	return answered(&reply)
}

func idleCopy(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "idle-copy")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name})
	return copied(&c.Reply)
}

func archivedCopy(ctx context.Context, r *run) Finding {
	name := r.name("archived")
	w := r.scratch.Put(ctx, s3api.ScratchObject{Name: name, Data: body(100), Plain: true, Class: "GLACIER"})
	if w.Err != nil {
		return unable("PutObject with class GLACIER", &w.Reply)
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, Class: "GLACIER", SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true})
	return copied(&c.Reply)
}

func clock(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "clock")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	head, reply := r.scratch.Head(ctx, name, "")
	if reply.Err != nil {
		return unable("HeadObject", &reply)
	}
	f := answer("")
	seconds := head.LastModified.Sub(r.now()).Seconds()
	f.Figures = map[string]float64{"clock_skew_s": seconds}
	f.Seen = fmt.Sprintf("%+.1f s, to the second that LastModified has", seconds)
	return f
}
