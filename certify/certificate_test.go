package certify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/job"
	"reseal/partition"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
	"reseal/verify"
)

const testKey = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// world is a job that may be certified, before a test changes something in it.
type world struct {
	plan   job.Plan
	note   *verify.Note
	state  State
	bucket Bucket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	w := &world{note: &verify.Note{At: at, Written: at, Sample: "100%", Tally: verify.Tally{Rows: 3, Verdicts: map[verify.Verdict]int64{verify.Proven: 2, verify.LeftAlone: 1}, Looked: 2, Sampled: 2}}}
	w.plan.Options = plan.Options{Bucket: "acme", KMSKeyID: testKey, Prefixes: []string{"media/in/", "media/out/"}}
	w.plan.Rows, w.plan.Segments = 3, []inventory.Segment{{Last: 2}}
	w.state = State{Job: "job", Segments: 1, Finished: 1, Settled: 3, Done: 2, Written: at}
	w.bucket = Bucket{Name: "acme", Algorithm: plan.TargetKMS, Key: testKey, Policy: closing(t, preflight.Closing{Unstated: true, Services: true}),
		JobKey: &JobKey{ID: testKey, State: enabled}}
	return w
}

// closing is a policy that closes the bucket for what is not under the key.
func closing(t *testing.T, c preflight.Closing) string {
	t.Helper()
	c.Bucket, c.Partition, c.Key = "acme", partition.OfARN(testKey), testKey
	statements, err := c.Statements()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (w *world) certificate(t *testing.T) *Certificate {
	t.Helper()
	w.plan.Hash = w.plan.Frozen.Hash()
	docs := documents{job.PlanFile: document(&w.plan)}
	if w.note != nil {
		docs[verifiedFile] = document(w.note)
	}
	c, err := (&evidence{part: part{docs: docs, state: w.state}, bucket: w.bucket, format: formatKeyed}).certificate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestObjections: what is not so stands against the certificate, and nothing else does.
func TestObjections(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		want   []Kind
	}{
		"all is well":           {func(*world) {}, nil},
		"a sample":              {func(w *world) { w.note.Verdicts[verify.Proven], w.note.Unsampled, w.note.Sampled = 1, 1, 1 }, nil},
		"running":               {func(w *world) { w.state.Running = true }, []Kind{Unfinished}},
		"not begun":             {func(w *world) { w.state.Written, w.note = time.Time{}, nil }, []Kind{Unfinished, Unverified}},
		"a segment is left":     {func(w *world) { w.state.Finished = 0 }, []Kind{Unfinished}},
		"state of less":         {func(w *world) { w.plan.Segments = append(w.plan.Segments, inventory.Segment{File: 1}) }, []Kind{Unfinished}},
		"a file is damaged":     {func(w *world) { w.state.Damages = []string{"x"} }, []Kind{Unfinished}},
		"an object is put off":  {func(w *world) { w.state.Deferred = 1 }, []Kind{Unfinished}},
		"an object failed":      {func(w *world) { w.state.Failed = 1 }, []Kind{Failed}},
		"no verification":       {func(w *world) { w.note = nil }, []Kind{Unverified}},
		"older":                 {func(w *world) { w.note.Written = w.note.Written.Add(-time.Second) }, []Kind{Unverified}},
		"it does not add up":    {func(w *world) { w.note.Verdicts[verify.Proven] = 3 }, []Kind{Unverified}},
		"a negative number":     {func(w *world) { w.note.Verdicts[verify.Proven], w.note.Verdicts[verify.Gone] = 4, -2 }, []Kind{Unverified}},
		"of another report":     {func(w *world) { w.note.Rows, w.note.Verdicts[verify.Proven] = 4, 3 }, []Kind{Unverified}},
		"fewer than planned":    {func(w *world) { w.plan.Rows = 4 }, []Kind{Unverified}},
		"a row is wrong":        {func(w *world) { w.note.Verdicts = map[verify.Verdict]int64{verify.Proven: 2, verify.NeverUnderKey: 1} }, []Kind{Different}},
		"a row is not done":     {func(w *world) { w.note.Verdicts = map[verify.Verdict]int64{verify.Proven: 2, verify.NotDone: 1} }, []Kind{Left}},
		"a verdict not known":   {func(w *world) { w.note.Verdicts = map[verify.Verdict]int64{verify.Proven: 2, "fine": 1} }, []Kind{Different}},
		"rows nobody counted":   {func(w *world) { w.note.Uncount = 1 }, []Kind{Different}},
		"not compared":          {func(w *world) { w.note.Uncompared = 1 }, []Kind{Untold}},
		"not compared, allowed": {func(w *world) { w.note.Uncompared, w.note.Allowed = 1, []verify.Verdict{verify.NotCompared} }, []Kind{Untold}},
		"not compared nor done": {func(w *world) {
			w.note.Uncompared, w.note.Verdicts = 1, map[verify.Verdict]int64{verify.Proven: 2, verify.NotDone: 1}
		}, []Kind{Left, Untold}},
		"a sample of nothing":   {func(w *world) { w.note.Verdicts, w.note.Unsampled, w.note.Sampled = nil, 3, 0 }, []Kind{Different}},
		"no default":            {func(w *world) { w.bucket.Algorithm, w.bucket.Key = "AES256", "" }, []Kind{Open}},
		"aws/s3 as the default": {func(w *world) { w.bucket.Key = "" }, []Kind{Open}},
		"DSSE as the default":   {func(w *world) { w.bucket.Algorithm = "aws:kms:dsse" }, []Kind{Open}},
		"another key":           {func(w *world) { w.bucket.Key = strings.Replace(testKey, "1234abcd", "4321abcd", 1) }, []Kind{Open}},
		"an alias of the key":   {func(w *world) { w.bucket.Key, w.bucket.KeyARN = "alias/media", testKey }, nil},
		"nobody asked for it":   {func(w *world) { w.bucket.JobKey = nil }, []Kind{BadKey}},
		"the state of another":  {func(w *world) { w.bucket.JobKey.ID = strings.Replace(testKey, "1234abcd", "4321abcd", 1) }, []Kind{BadKey}},
		"a state of no doubt":   {func(w *world) { w.bucket.JobKey.State = "Disabled" }, []Kind{BadKey}},
		"enabled, and doubtful": {func(w *world) { w.bucket.JobKey.Doubt = KeyDoubt(s3api.KeyUsage) }, []Kind{BadKey}},
		"nobody may ask":        {func(w *world) { w.bucket.JobKey = &JobKey{testKey, "", KeyDoubt(s3api.AccessDenied)} }, nil},
		"no KMS to ask":         {func(w *world) { w.bucket.JobKey = &JobKey{testKey, "", KeyDoubt(s3api.KeyUnchecked)} }, nil},
		"KMS has no such key":   {func(w *world) { w.bucket.JobKey = &JobKey{testKey, "", KeyDoubt(s3api.KeyUnknown)} }, []Kind{BadKey}},
		"another bucket":        {func(w *world) { w.bucket.Name = "other" }, []Kind{Open}},
		"no policy":             {func(w *world) { w.bucket.Policy = "" }, []Kind{Open}},
		"no policy that is one": {func(w *world) { w.bucket.Policy = "{" }, []Kind{Open}},
		"to SSE-S3":             {func(w *world) { w.plan.Options.KMSKeyID = "" }, []Kind{NoKey}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			tt.change(w)
			c := w.certificate(t)
			var kinds []Kind
			for _, a := range c.Against {
				kinds = append(kinds, a.Kind)
			}
			if !slices.Equal(kinds, tt.want) || c.Certified != (tt.want == nil) {
				t.Errorf("certified %v, against it %q; want %q", c.Certified, c.Against, tt.want)
			}
			if text := string(c.text()); strings.HasPrefix(text, "CERTIFIED") != c.Certified {
				t.Errorf("the text begins with another answer:\n%s", text)
			}
		})
	}
}

// TestClosedByPolicy: the statements count in each form that enforce gives them, as long
// as every object of the job is below their prefix.
func TestClosedByPolicy(t *testing.T) {
	for name, tt := range map[string]struct {
		policy func() string
		want   bool
	}{
		"for clients without services": {func() string { return closing(t, preflight.Closing{Unstated: true}) }, true},
		"with a header":                {func() string { return closing(t, preflight.Closing{Services: true}) }, true},
		"with TLS":                     {func() string { return closing(t, preflight.Closing{Unstated: true, TLS: true}) }, true},
		"under other Sids": {func() string {
			return strings.ReplaceAll(closing(t, preflight.Closing{Unstated: true}), "Reseal", "Ours")
		}, true},
		"below a common prefix": {func() string { return closing(t, preflight.Closing{Unstated: true, Prefix: "media/"}) }, true},
		"below one prefix only": {func() string { return closing(t, preflight.Closing{Unstated: true, Prefix: "media/in/"}) }, false},
		"below another":         {func() string { return closing(t, preflight.Closing{Unstated: true, Prefix: "logs/"}) }, false},
		"allowed, not denied": {func() string {
			return strings.ReplaceAll(closing(t, preflight.Closing{Unstated: true}), "Deny", "Allow")
		}, false},
		"for one caller": {func() string {
			return strings.ReplaceAll(closing(t, preflight.Closing{Unstated: true}), `"Principal":"*"`, `"Principal":{"AWS":"111122223333"}`)
		}, false},
		"of one statement": {func() string {
			return strings.Replace(closing(t, preflight.Closing{Unstated: true}), "StringNotEquals", "StringEquals", 1)
		}, false},
	} {
		w := newWorld(t)
		w.bucket.Policy = tt.policy()
		if c := w.certificate(t); c.Closed != tt.want {
			t.Errorf("%s: closed %v, want %v\n%s", name, c.Closed, tt.want, w.bucket.Policy)
		}
	}
}

// TestClosedForAnotherKey: a default and a policy that both name another key close the
// bucket for what is under that key, not for the job's.
func TestClosedForAnotherKey(t *testing.T) {
	w := newWorld(t)
	other := strings.Replace(testKey, "1234abcd", "4321abcd", 1)
	w.bucket.Key, w.bucket.KeyARN = other, other
	w.bucket.Policy = strings.ReplaceAll(w.bucket.Policy, testKey, other)
	if c := w.certificate(t); c.Closed {
		t.Errorf("closed for %s by a policy for %s:\n%s", testKey, other, w.bucket.Policy)
	}
}
