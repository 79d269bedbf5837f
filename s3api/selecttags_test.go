package s3api

import (
	"errors"
	"slices"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// putTagged puts an object with tags, and returns the row that a report has of it.
func putTagged(t *testing.T, sim *simulation, key string, tags ...simulator.Tag) inventory.Record {
	t.Helper()
	rec := aRecord(key)
	sim.world(t, func(w *simulator.World, at time.Time, r simulator.Request) error {
		in := &simulator.PutObjectInput{Request: r, Key: key, Body: simulator.Bytes([]byte("data"))}
		in.Tags = tags
		out, err := w.PutObject(at, in)
		if err == nil {
			rec.ETag, rec.Size, rec.LastModified, rec.VersionID = out.ETag, out.Size, out.LastModified, out.VersionID
			rec.StorageClass, rec.Encryption = inventory.Standard, inventory.SSES3
		}
		return failed(err)
	})
	return rec
}

// byTags are the options and the policy of a job that selects by a tag.
func byTags(f plan.Facts, edit func(*plan.Options)) (plan.Options, *plan.Policy) {
	o := anOptions()
	o.Tags = []string{"team=data"}
	if edit != nil {
		edit(&o)
	}
	return o, &plan.Policy{Options: o, Facts: f, Now: time.Now(), Weights: plan.DefaultWeights(false)}
}

// What the tags select is re-encrypted and nothing else, and they are read once before
// it, by whatever way. A copy in parts reads them again right before its completion.
func TestTagsSelect(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	for name, tt := range map[string]struct {
		client *Client
		edit   func(*plan.Options)
		reads  int64 // of the tags of an object that is re-encrypted
	}{
		"copy":     {sim.aws, nil, 1},
		"update":   {sim.aws, func(o *plan.Options) { o.Method = plan.MethodUpdate }, 1},
		"in parts": {sim.aws, func(o *plan.Options) { o.CopyVia = plan.ViaMultipart }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts(t, tt.client, bucket)
			o, p := byTags(f, tt.edit)
			r := rewriter(t, tt.client, RewriteConfig{Options: o, Facts: f})
			rows := []inventory.Record{
				putTagged(t, sim, name+"/data", simulator.Tag{Key: "a", Value: "b"}, simulator.Tag{Key: "team", Value: "data"}),
				putTagged(t, sim, name+"/other", simulator.Tag{Key: "team", Value: "x"}),
				putTagged(t, sim, name+"/none"),
			}
			for i, row := range rows {
				sim.calls()
				task := p.Decide(&row)
				head, err := r.Inspect(t.Context(), &task, &gate{})
				if err != nil {
					t.Fatal(err)
				}
				task = p.DecideHead(task, head)
				if i > 0 {
					if calls := sim.calls(); task.Action != plan.Skip || task.Reason != plan.Filtered || calls[simulator.OpGetObjectTagging] != 1 {
						t.Errorf("%s: %s %q after %v", row.Key, task.Action, task.Reason, calls)
					}
					continue
				}
				if _, err := r.Rewrite(t.Context(), &task, &gate{}); err != nil {
					t.Fatal(err)
				}
				if calls := sim.calls(); calls[simulator.OpGetObjectTagging] != tt.reads {
					t.Errorf("%s: %v, want %d requests for tags", row.Key, calls, tt.reads)
				}
				after := see(t, tt.client, bucket, row.Key)
				if after.Encryption != inventory.SSEKMS || after.TagCount != 2 {
					t.Errorf("%s: %s with %d tags", row.Key, after.Encryption, after.TagCount)
				}
				sim.calls()
				if head, err := r.Inspect(t.Context(), &task, &gate{}); err != nil || head.TagsRead != nil || sim.calls()[simulator.OpGetObjectTagging] != 0 {
					t.Errorf("%s: the tags of what is done were read: %v", row.Key, err)
				}
			}
		})
	}
}

// Each version has tags of its own.
func TestTagsOfAVersion(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	sim.world(t, func(w *simulator.World, at time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(at, &r, "Enabled"))
	})
	old := putTagged(t, sim, "k", simulator.Tag{Key: "team", Value: "data"})
	current := putTagged(t, sim, "k")
	f := facts(t, sim.aws, bucket)
	o, p := byTags(f, func(o *plan.Options) { o.Method, o.AllVersions = plan.MethodUpdate, true })
	r := rewriter(t, sim.aws, RewriteConfig{Options: o, Facts: f})
	for _, tt := range []struct {
		row  inventory.Record
		want plan.Action
	}{{old, plan.Update}, {current, plan.Skip}} {
		tt.row.IsLatest = tt.row.VersionID == current.VersionID
		tt.row.Known = tt.row.Known.With(inventory.ColVersionID).With(inventory.ColIsLatest)
		task := p.Decide(&tt.row)
		head, err := r.Inspect(t.Context(), &task, &gate{})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.DecideHead(task, head); got.Action != tt.want {
			t.Errorf("version %s, current %v: %s, want %s", tt.row.VersionID, tt.row.IsLatest, got.Action, tt.want)
		}
	}
}

// An object whose tags cannot be read fails, and one whose tags nobody read is not written.
func TestUnreadTagsSelectNothing(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	row := putTagged(t, sim, "k", simulator.Tag{Key: "team", Value: "data"})
	f := facts(t, sim.aws, bucket)
	o, p := byTags(f, nil)
	r := rewriter(t, sim.aws, RewriteConfig{Options: o, Facts: f})
	unread := p.Decide(&row)
	looked := *see(t, sim.aws, bucket, "k")
	other := looked
	other.TagsRead = &plan.TagsRead{Tags: []plan.Tag{{Key: "team", Value: "x"}}}
	for _, h := range []*plan.Head{nil, &looked, &other} {
		task := unread
		task.Head = h
		sim.calls()
		_, err := r.Rewrite(t.Context(), &task, &gate{})
		var oe *engine.ObjectError
		if !errors.As(err, &oe) || oe.Class != engine.Permanent || len(sim.calls()) > 0 {
			t.Errorf("with %+v: %v", h, err)
		}
	}
	sim.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: simulator.OpGetObjectTagging, Code: "AccessDenied", HTTPStatus: 403})
		return nil
	})
	_, err := r.Inspect(t.Context(), &unread, &gate{})
	var oe *engine.ObjectError
	if !errors.As(err, &oe) || oe.Class != engine.Denied || oe.Op != "GetObjectTagging" {
		t.Errorf("denied tags: %v", err)
	}
}

// The look of a copy in parts asks for the version that stays, which it needs to be able
// to read after it.
func TestTagsOfTheVersionThatStays(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	sim.world(t, func(w *simulator.World, at time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(at, &r, "Enabled"))
	})
	row := putTagged(t, sim, "k", simulator.Tag{Key: "team", Value: "data"})
	f := facts(t, sim.aws, bucket)
	var asked []string
	for _, via := range []string{"", plan.ViaMultipart} {
		o, p := byTags(f, func(o *plan.Options) { o.CopyVia = via })
		task := p.Decide(&row)
		head, err := rewriter(t, sim.aws, RewriteConfig{Options: o, Facts: f}).Inspect(t.Context(), &task, &gate{})
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, head.TagsRead.Version)
		if via != "" {
			continue
		}
		task = p.DecideInParts(p.DecideHead(task, head)) // as S3 refuses to copy it in one request
		w := &work{Rewriter: rewriter(t, sim.aws, RewriteConfig{Options: o, Facts: f}), task: &task, gate: &gate{}}
		sim.calls()
		if a, err := w.attributes(t.Context()); err != nil || len(a.tags) != 1 || sim.calls()[simulator.OpGetObjectTagging] != 1 {
			t.Errorf("a copy that goes on in parts has the tags %v of a look at whatever was current: %v", a.tags, err)
		}
	}
	if want := []string{"", row.VersionID}; row.VersionID == "" || !slices.Equal(asked, want) {
		t.Errorf("asked for the versions %q, want %q", asked, want)
	}
}

// Off AWS an object whose kind was not seen to keep tags waits where it has some. Those
// that selected it tell, without another request.
func TestSelectingTagsTellWhatIsUntried(t *testing.T) {
	sim := simulate(t, simulator.Config{})
	row := putTagged(t, sim, "k", simulator.Tag{Key: "team", Value: "data"})
	f := facts(t, sim.client, bucket)
	o, p := byTags(f, nil)
	r := rewriter(t, sim.client, RewriteConfig{Options: o, Facts: f})
	task := p.Decide(&row)
	head, err := r.Inspect(t.Context(), &task, &gate{})
	if err != nil {
		t.Fatal(err)
	}
	task = p.DecideHead(task, head)
	task.Untried = []plan.Attribute{plan.Tags}
	sim.calls()
	_, err = r.Rewrite(t.Context(), &task, &gate{})
	var held *engine.HeldBack
	if !errors.As(err, &held) || !slices.Equal(held.Unproven, task.Untried) {
		t.Errorf("an object with tags that nobody tried: %v", err)
	}
	if calls := sim.calls(); calls[simulator.OpGetObjectTagging]+calls[simulator.OpCopyObject] > 0 {
		t.Errorf("requests although all is known: %v", calls)
	}
}
