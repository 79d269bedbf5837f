package checkpoint

import (
	"context"
	"strings"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// The night's world as an engine.Rewriter: the simulator's core in process, with
// latencies in virtual time.
var _ engine.Rewriter = (*nightWorld)(nil)

// pause is the latency of one request.
func (n *nightWorld) pause(ctx context.Context) error {
	n.mu.Lock()
	d := 100*time.Millisecond + time.Duration(n.rng.Int64N(int64(800*time.Millisecond)))
	n.mu.Unlock()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fault puts an error of the simulator into the engine's words.
func (n *nightWorld) fault(op, key string, e *simulator.Error) error {
	class := engine.Permanent
	switch {
	case e.Code == "SlowDown", strings.HasSuffix(e.Code, "ThrottlingException"):
		class = engine.Throttled
	case e.Code == "ExpiredToken":
		class = engine.Expired
	case e.HTTPStatus >= 500:
		class = engine.Transient
	case e.HTTPStatus == 412, e.HTTPStatus == 409:
		class = engine.Changed
	case strings.HasPrefix(e.Code, "KMS."):
		class = engine.Fatal
	}
	out := &engine.ObjectError{Op: op, Bucket: nightBucket, Key: key, Class: class, Code: e.Code, HTTPStatus: e.HTTPStatus, Err: e}
	if e.Code == "ThrottlingException" {
		out.Quota = plan.QuotaKMS
	}
	return out
}

// alive asks about nothing in particular.
func (n *nightWorld) alive(ctx context.Context) error {
	if err := n.pause(ctx); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	in := simulator.CopyObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: "none", Source: simulator.CopySource{Bucket: nightBucket, Key: "none"}}
	if _, e := n.world.BeginCopy(time.Now(), &in); e != nil && (e.Code == "ExpiredToken") {
		return n.fault("ask", "", e)
	}
	return nil
}

// Inspect implements engine.Rewriter.
func (n *nightWorld) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (h *plan.Head, err error) {
	key := t.Record.Key
	err = g.Do(ctx, t.Step(plan.StepHead), func(ctx context.Context) error {
		if err := n.pause(ctx); err != nil {
			return &engine.ObjectError{Op: "HeadObject", Key: key, Class: engine.Transient, Err: err}
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		out, e := n.world.HeadObject(time.Now(), &simulator.GetObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: key})
		if e != nil {
			return n.fault("HeadObject", key, e)
		}
		h = &plan.Head{ETag: out.ETag, Size: out.Size, LastModified: out.LastModified, StorageClass: inventory.StorageClass(out.StorageClass),
			Encryption: inventory.Encryption(out.Encryption.Type), KMSKeyID: out.Encryption.KMSKeyARN, BucketKey: out.Encryption.BucketKeyEnabled}
		return nil
	})
	return h, err
}

// Rewrite implements engine.Rewriter. A copy that was begun is carried out even
// when the power of the client goes: nobody reads the answer.
func (n *nightWorld) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (effect engine.Effect, err error) {
	key := t.Record.Key
	err = g.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		off := false
		in := simulator.CopyObjectInput{Request: simulator.Request{Bucket: nightBucket}, Key: key,
			Source:     simulator.CopySource{Bucket: nightBucket, Key: key, Conditions: simulator.ReadConditions{IfMatch: t.Record.ETag}},
			Conditions: simulator.WriteConditions{IfMatch: t.Record.ETag}}
		in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: nightKey, BucketKeyEnabled: &off}
		n.mu.Lock()
		pending, e := n.world.BeginCopy(time.Now(), &in)
		n.mu.Unlock()
		cut := n.pause(ctx)
		n.mu.Lock()
		defer n.mu.Unlock()
		if e != nil {
			return n.fault("CopyObject", key, e)
		}
		out, e := pending.Commit(time.Now())
		switch {
		case cut != nil:
			return &engine.ObjectError{Op: "CopyObject", Key: key, Class: engine.Transient, Err: cut}
		case e != nil:
			return n.fault("CopyObject", key, e)
		}
		effect = engine.Effect{ETag: out.ETag, KMSKeyID: out.Encryption.KMSKeyARN}
		return nil
	})
	return effect, err
}
