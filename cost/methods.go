package cost

import (
	"fmt"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// Names of the ways that are set side by side.
const (
	ByCopy        = "copy"
	ByUpdate      = "update"
	ByAuto        = "auto"
	ByBatchCopy   = "S3 Batch Operations Copy"
	ByBatchUpdate = "S3 Batch Operations UpdateObjectEncryption"
	ByCLI         = "aws s3 cp --recursive"
)

// Method is what one way of doing the same work comes to.
type Method struct {
	Name     string        `json:"name"`
	Planned  bool          `json:"planned"`  // what the tally was made for: exact, the others are modelled
	Possible bool          `json:"possible"` // here, as far as is known
	Objects  Count         `json:"does"`
	Left     Count         `json:"leaves"` // objects that are wanted and that it cannot do
	Requests Calls         `json:"s3_requests"`
	KMS      Calls         `json:"kms_calls"`
	Cost     Bill          `json:"cost"`
	Shortest time.Duration `json:"shortest_ns"` // both 0 where nothing is stated
	Longest  time.Duration `json:"longest_ns"`
	AtLeast  bool          `json:"time_at_least,omitempty"` // as Duration.AtLeast
	Remarks  []string      `json:"remarks"`                 // what it loses, or cannot do
}

// cliPart is the size from which the AWS CLI copies in parts, and of the parts:
// 8 MiB (AWS CLI, topics/s3-config: multipart_threshold and
// multipart_chunksize, read 2026-11-21).
const cliPart = 8 << 20

// cliRequests is how many requests the AWS CLI has in flight by default (same
// page: max_concurrent_requests).
const cliRequests = 10

// methods sets the ways of doing the work side by side, the planned one from the
// tally, the others modelled on its sums.
func (c *calculation) methods(planned *job) []Method {
	var out []Method
	add := func(m Method, j *job, limits func(*job) Duration) {
		m.Requests, m.KMS, m.Cost = requestsOf(j), j.kms, c.bill(j)
		if limits != nil {
			d := limits(j)
			m.Shortest, m.Longest, m.AtLeast = d.Shortest, d.Longest, d.AtLeast
		}
		out = append(out, m)
	}
	own := func(name plan.Method, model func() (*job, Method)) {
		j, m := model()
		if c.Options.Method == name {
			j, m.Planned, m.Possible = planned, true, true
			m.Objects = c.tally.Todo()
		}
		m.Name = string(name)
		add(m, j, c.duration)
	}
	own(plan.MethodCopy, c.byCopy)
	if c.Options.SSE != plan.TargetAES256 {
		own(plan.MethodUpdate, c.byUpdate)
		own(plan.MethodAuto, c.byAuto)
	}
	j, m := c.byBatchCopy()
	add(m, j, nil)
	if c.Options.SSE != plan.TargetAES256 {
		j, m = c.byBatchUpdate()
		add(m, j, nil)
	}
	j, m = c.byCLI()
	add(m, j, func(j *job) Duration {
		slow := *c
		slow.KMSPerSecond, slow.Concurrency = 0, cliRequests
		return slow.duration(j)
	})
	return out
}

// sums are the objects to be re-encrypted of one class, whatever is planned for them.
func (t *Tally) sums(class int) (w workload) {
	for a := plan.Copy; a < plan.NumActions; a++ {
		w.merge(&t.work[a][class])
	}
	return w
}

// archived returns the objects that are left alone because they are archived,
// by class: UpdateObjectEncryption needs no restore.
func (t *Tally) archived() (out [numClasses]Count) {
	if n := t.skips[plan.Archived]; n != nil {
		out = *n
	}
	return out
}

func (c *calculation) byCopy() (*job, Method) {
	j := &job{early: true, earlyAll: true}
	m := Method{Possible: true}
	weights := plan.DefaultWeights(c.Options.BucketKey)
	one, parts := c.copyDemand(1), c.copyDemand(plan.SingleCopyLimit+1)
	around := plan.Range{Min: parts.Writes.Min - plan.PartCount(plan.SingleCopyLimit+1), Max: parts.Writes.Max - plan.PartCount(plan.SingleCopyLimit+1)}
	var kms plan.Range
	for i, class := range classes {
		w := c.tally.sums(i)
		if class == inventory.Glacier || class == inventory.DeepArchive {
			if c.Options.Method != plan.MethodCopy { // an update takes what a copy cannot read
				m.Left.add(w.Count)
				continue
			}
		}
		j.largest = max(j.largest, w.Largest)
		single, large := w.Objects-w.Large.Objects, w.Large.Objects
		m.Objects.add(w.Count)
		j.work(plan.Copy, i, Count{single, w.Bytes - w.Large.Bytes, w.Unsized}, plan.Demand{Writes: plan.Exactly(single), Reads: one.Reads.Times(single)})
		j.work(plan.MultipartCopy, i, w.Large, plan.Demand{Writes: plan.Exactly(w.Parts).Add(around.Times(large)), Reads: parts.Reads.Times(large)})
		kms = kms.Add(weights.DataKey.Times(w.Objects)).Add(weights.Part.Times(w.Parts)).Add(weights.Complete.Times(large)).Add(weights.Source.Times(w.FromKMS))
	}
	j.kms = c.weigh(kms)
	m.Left.add(c.tally.skipped(plan.Archived))
	m.Remarks = []string{"new ETag and LastModified; lifecycle ages start over"}
	if c.Facts.Versioning == plan.VersioningEnabled {
		m.Remarks = append(m.Remarks, "old versions stay behind, outside the key, and are paid for")
	}
	if c.intelligent() > 0 {
		m.Remarks = append(m.Remarks, "Intelligent-Tiering objects go back to the Frequent Access tier")
	}
	m.Remarks = append(m.Remarks, leaves(m.Left, "archived", "a restore comes first"))
	return j, m.trimmed()
}

// copyDemand returns what the copy of an object of size bytes asks for, by the
// same decision as that of a row of a report that has all columns.
func (c *calculation) copyDemand(size int64) plan.Demand {
	o := plan.Options{Bucket: c.Options.Bucket, Method: plan.MethodCopy, SSE: c.Options.SSE, KMSKeyID: c.Options.KMSKeyID, BucketKey: c.Options.BucketKey,
		TrustInventory: c.Options.TrustInventory, InspectAll: c.Options.InspectAll || len(c.Options.Tags) > 0}
	p := plan.Policy{Options: o, Facts: c.Facts, Now: c.tally.now, Weights: plan.DefaultWeights(o.BucketKey)}
	r := inventory.Record{Bucket: o.Bucket, Known: inventory.AllColumns, IsLatest: true, Size: size, ETag: "any", StorageClass: inventory.Standard, Encryption: inventory.SSES3}
	if o.SSE == plan.TargetAES256 {
		r.Encryption = inventory.SSEKMS
	}
	t := p.Decide(&r)
	if t.Action == plan.Copy { // in parts they are read anyway
		t.Demand.Reads = t.Demand.Reads.Add(c.tagReads(1))
	}
	return t.Demand
}

// tagReads is how many requests read the tags of n objects that are selected by them.
func (c *calculation) tagReads(n int64) plan.Range {
	if len(c.Options.Tags) == 0 {
		return plan.Range{}
	}
	return plan.Exactly(n)
}

func (c *calculation) byUpdate() (*job, Method) {
	j, m := new(job), Method{Possible: c.Facts.AWS == plan.Yes}
	var kms plan.Range
	archived := c.tally.archived()
	for i := range classes {
		w := c.tally.sums(i)
		n := Count{w.Objects - w.NotSSE.Objects, w.Bytes - w.NotSSE.Bytes, w.Unsized - w.NotSSE.Unsized}
		n.add(archived[i])
		m.Objects.add(n)
		m.Left.add(w.NotSSE)
		j.work(plan.Update, i, n, c.updates(n.Objects))
		kms = kms.Add(plan.DefaultWeights(c.Options.BucketKey).Update.Times(n.Objects))
	}
	j.kms = c.weigh(kms)
	m.Remarks = []string{"ETag, dates, versions, tiers and archives stay as they are", leaves(m.Left, "unencrypted", "UpdateObjectEncryption refuses that")}
	if !m.Possible {
		m.Remarks = append(m.Remarks, "only sent to AWS's own endpoints: other servers take it for an upload")
	}
	return j, m.trimmed()
}

// updates is what updating n objects in place asks for: a HEAD as proof, and
// one before it where nothing pins the version.
func (c *calculation) updates(n int64) plan.Demand {
	heads := int64(1)
	if c.Facts.Versioning != plan.VersioningEnabled || len(c.Options.Tags) > 0 {
		heads = 2
	}
	return plan.Demand{Writes: plan.Exactly(n), Reads: plan.Exactly(heads * n).Add(c.tagReads(n))}
}

func (c *calculation) byAuto() (*job, Method) {
	j, m := c.byUpdate()
	m.Objects.add(m.Left)
	var kms plan.Range
	for i := range classes {
		w := c.tally.sums(i)
		j.work(plan.Copy, i, w.NotSSE, plan.Demand{Writes: plan.Exactly(w.NotSSE.Objects), Reads: plan.Exactly(w.NotSSE.Objects).Add(c.tagReads(w.NotSSE.Objects))})
		kms = kms.Add(plan.DefaultWeights(c.Options.BucketKey).DataKey.Times(w.NotSSE.Objects))
	}
	j.kms = j.kms.add(c.weigh(kms))
	m.Remarks[0] = "as update; unencrypted objects are copied"
	if m.Left.Objects > 0 {
		m.Remarks = append(m.Remarks[:1], m.Remarks[2:]...)
	}
	m.Left = Count{}
	return j, m
}

func (c *calculation) byBatchCopy() (*job, Method) {
	j, m := &job{early: true, earlyAll: true}, Method{Name: ByBatchCopy, Possible: c.Facts.AWS == plan.Yes}
	weights := plan.DefaultWeights(c.Options.BucketKey)
	var kms plan.Range
	for i, class := range classes {
		w := c.tally.sums(i)
		n := Count{w.Objects - w.Large.Objects, w.Bytes - w.Large.Bytes, w.Unsized}
		m.Left.add(w.Large)
		if class == inventory.Glacier || class == inventory.DeepArchive {
			m.Left.add(n)
			continue
		}
		if n.Objects > 0 {
			j.batchJobs++ // one storage class a job
		}
		m.Objects.add(n)
		j.work(plan.Copy, i, n, plan.Demand{Writes: plan.Exactly(n.Objects)})
		kms = kms.Add(weights.DataKey.Times(n.Objects)).Add(weights.Source.Times(min(w.FromKMS, n.Objects)))
	}
	j.kms, j.batched = c.weigh(kms), m.Objects.Objects
	m.Left.add(c.tally.skipped(plan.Archived))
	m.Remarks = []string{"no ETag condition: a newer write can be overwritten", "no cap on KMS requests; AWS sets the pace and does not state it",
		"CSV reports only; one storage class a job", leaves(m.Left, "archived or above 5 GB", "it cannot copy that")}
	return j, m.trimmed()
}

func (c *calculation) byBatchUpdate() (*job, Method) {
	j, m := c.byUpdate()
	m.Name = ByBatchUpdate
	for i := range j.gets {
		j.gets[i] = plan.Range{}
	}
	j.batchJobs, j.batched = 1, m.Objects.Objects
	m.Remarks = []string{"no proof by HeadObject; a failed job starts over from its report", "no cap on KMS requests; AWS sets the pace and does not state it",
		leaves(m.Left, "unencrypted", "UpdateObjectEncryption refuses that")}
	return j, m.trimmed()
}

func (c *calculation) byCLI() (*job, Method) {
	j, m := &job{early: true, earlyAll: true}, Method{Name: ByCLI, Possible: true}
	weights := plan.DefaultWeights(c.Options.BucketKey)
	var kms plan.Range
	for i, class := range classes {
		w := c.tally.sums(i)
		if class == inventory.Glacier || class == inventory.DeepArchive {
			m.Left.add(w.Count)
			continue
		}
		m.Objects.add(w.Count)
		j.moved, j.largest, j.unsized[i] = plan.Sum(j.moved, w.Bytes), max(j.largest, w.Largest), w.Unsized
		single := w.Objects - w.CLI.Objects
		j.stdPuts = j.stdPuts.Add(plan.Exactly(single + 2*w.CLI.Objects + w.CLIPart)) // the copies become STANDARD
		j.gets[i] = j.gets[i].Add(plan.Exactly(2 * w.CLI.Objects))                    // HeadObject and GetObjectTagging
		if paysRetrieval(class) {
			j.retrieved[i] = plan.Sum(j.retrieved[i], w.Bytes)
		}
		kms = kms.Add(weights.DataKey.Times(w.Objects)).Add(weights.Part.Times(w.CLIPart)).Add(weights.Complete.Times(w.CLI.Objects)).Add(weights.Source.Times(w.FromKMS))
	}
	j.kms, j.lists = c.weigh(kms), (c.tally.rows+999)/1000 // 1,000 keys a page
	m.Left.add(c.tally.skipped(plan.Archived))
	m.Remarks = []string{"loses storage class, ACL, object lock and redirect unless told each", "no ETag condition; a new ETag shape from 8 MiB on",
		"no resume, no cap, no proof; copies again what is encrypted already", leaves(m.Left, "archived", "a restore comes first")}
	return j, m.trimmed()
}

func (c *calculation) intelligent() int64 { return c.tally.sums(1).Objects }

func leaves(n Count, what, why string) string {
	if n.Objects == 0 {
		return ""
	}
	return fmt.Sprintf("leaves %s (%s): %s", objects(n.Objects), what, why)
}

func objects(n int64) string {
	if n == 1 {
		return "1 object"
	}
	return thousands(n) + " objects"
}

// trimmed drops the empty remarks.
func (m Method) trimmed() Method {
	var out []string
	for _, r := range m.Remarks {
		if r != "" {
			out = append(out, r)
		}
	}
	m.Remarks = out
	return m
}

// recommend names the method to take and why, in one line.
func (c *calculation) recommend(methods []Method) (name, line string) {
	by := map[string]*Method{}
	for i := range methods {
		by[methods[i].Name] = &methods[i]
	}
	cp, auto := by[ByCopy], by[ByAuto]
	switch {
	case c.Options.SSE == plan.TargetAES256:
		return ByCopy, "copy: there is no update back to SSE-S3."
	case cp.Objects.Objects == 0 && auto.Objects.Objects == 0:
		return string(c.Options.Method), "nothing is to be done."
	case !auto.Possible:
		return ByCopy, "copy: UpdateObjectEncryption is only sent to AWS's own endpoints, and this one is not known to be one."
	}
	var why []string
	if cp.Cost.Complete() && auto.Cost.Complete() && auto.Objects.Objects >= cp.Objects.Objects {
		if d := cp.Cost.Total.Expected - auto.Cost.Total.Expected; d >= Cent {
			why = append(why, d.String()+" cheaper than copy")
		}
	}
	if n := auto.Objects.Objects - cp.Objects.Objects; n > 0 {
		why = append(why, "does "+objects(n)+" that a copy cannot")
	}
	if c.Facts.Versioning == plan.VersioningEnabled {
		why = append(why, "leaves no old versions behind")
	}
	why = append(why, "keeps ETags, dates and tiers")
	return ByAuto, "auto: " + strings.Join(why, ", ") + "."
}
