package cost

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// classes are the storage classes that are told apart; the last stands for all
// others. Rows come with any text for a class, so sums by text have no bound.
var classes = [...]inventory.StorageClass{
	inventory.Standard, inventory.IntelligentTiering, inventory.StandardIA, inventory.OneZoneIA, inventory.GlacierIR,
	inventory.Glacier, inventory.DeepArchive, inventory.ReducedRedundancy, "other",
}

const (
	numClasses = len(classes)
	otherClass = numClasses - 1
)

func classIndex(c inventory.StorageClass) int {
	if c == "" {
		return 0 // S3 leaves the class of STANDARD objects out
	}
	for i, known := range classes[:otherClass] {
		if c == known {
			return i
		}
	}
	return otherClass
}

// minDays is the minimum storage duration of a class in days (Amazon S3 User
// Guide, storage-class-intro, read 2026-11-21). An overwrite is a delete of the
// old data, so what is left of it is charged.
func minDays(c inventory.StorageClass) int {
	switch c {
	case inventory.StandardIA, inventory.OneZoneIA:
		return 30
	case inventory.GlacierIR, inventory.Glacier:
		return 90
	case inventory.DeepArchive:
		return 180
	}
	return 0
}

// smallObject is the size below which the infrequent access classes bill an
// object as if it had this size, and Intelligent-Tiering does not monitor it, 128
// KB (same page).
const smallObject = 128 << 10

// archiveOverhead is what the archive classes bill on top of an object's size, 32
// KB at the rate of the class; standardOverhead the 8 KB at the rate of STANDARD
// (same page).
const (
	archiveOverhead  = 32 << 10
	standardOverhead = 8 << 10
)

// archive tells the classes that bill an index of each object at the rate of
// STANDARD (same page).
func archive(c inventory.StorageClass) bool {
	return c == inventory.Glacier || c == inventory.DeepArchive
}

// billed is the size that storage of an object is billed for.
func billed(c inventory.StorageClass, size int64) int64 {
	switch c {
	case inventory.StandardIA, inventory.OneZoneIA, inventory.GlacierIR:
		return max(size, smallObject)
	case inventory.Glacier, inventory.DeepArchive:
		return plan.Sum(size, archiveOverhead)
	}
	return size
}

// Count is a number of objects and their bytes.
type Count struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
	Unsized int64 `json:"size_unknown,omitempty"` // objects whose bytes are not known, and not in Bytes
}

func (c *Count) add(o Count) {
	c.Objects, c.Bytes, c.Unsized = plan.Sum(c.Objects, o.Objects), plan.Sum(c.Bytes, o.Bytes), plan.Sum(c.Unsized, o.Unsized)
}

// Limits of what a tally tells apart.
const (
	maxPrefixes  = 1000
	maxReasons   = 64
	longestName  = 256 // bytes of a prefix that are kept
	youngestDays = 180 // ages in days that are told apart for early deletion
)

// Tally sums up tasks. Its memory has a bound that does not depend on the number
// of rows. It is not safe for concurrent use: give each reader its own, then
// Merge them.
type Tally struct {
	now time.Time

	rows    int64
	unsized int64 // objects whose size the report does not have

	work     [plan.NumActions][numClasses]workload
	skips    map[plan.Reason]*[numClasses]Count
	stored   [numClasses]storage
	young    [2][numClasses]ages // of objects to be overwritten, and of those to be updated in place
	ages     [len(ageNames)]Count
	status   map[string]*Count // by encryption status
	prefixes map[string]*PrefixCount
	last     *PrefixCount // of the row before: reports often are sorted
	lastName string
}

// workload is what one action on objects of one class comes to.
type workload struct {
	Count
	Billed  int64       `json:"billed_bytes"` // with the minimum size of the class
	Demand  plan.Demand `json:"demand"`
	Largest int64       `json:"largest_bytes"`   // of the largest object
	Heads   int64       `json:"heads_first"`     // objects that a HeadObject precedes
	FromKMS int64       `json:"under_kms"`       // objects that are under SSE-KMS already
	NotSSE  Count       `json:"not_encrypted"`   // UpdateObjectEncryption refuses them
	Large   Count       `json:"above_5_gib"`     // more than one CopyObject can do
	Parts   int64       `json:"parts"`           // that a multipart copy of the large ones has
	Doubts  doubts      `json:"doubts,omitzero"` // objects that a look may show to be left alone

	// Objects of which the report shows no retention; billed bytes, which a
	// default retention would lock in.
	Unlocked Count `json:"without_retention,omitzero"`

	CLI     Count `json:"from_8_mib"`     // where the AWS CLI begins to copy in parts
	CLIPart int64 `json:"parts_of_8_mib"` // that it would copy them in
}

// storage is what is stored in one class, whatever is done to it.
type storage struct {
	Count
	Billed    int64 `json:"billed_bytes"`        // with the minimum size of the class
	Monitored int64 `json:"monitored,omitempty"` // objects that Intelligent-Tiering moves between tiers
}

// ages are the young objects of one class by their age in days: where they are
// overwritten, what is left of the minimum storage duration is charged.
type ages struct {
	day     [youngestDays]int64 // billed bytes by whole days of age
	objects int64               // younger than the minimum duration
	unknown Count               // age unknown, or young and of unknown size: billed bytes
}

// NewTally returns an empty tally that counts ages from now, the evaluation
// instant of the plan.
func NewTally(now time.Time) *Tally {
	return &Tally{now: now.UTC(), skips: map[plan.Reason]*[numClasses]Count{}, status: map[string]*Count{},
		prefixes: map[string]*PrefixCount{}}
}

// Add counts one row.
func (t *Tally) Add(task *plan.Task) {
	r := &task.Record
	t.rows++
	class := classIndex(r.StorageClass)
	one := Count{Objects: 1, Bytes: r.Size}
	switch {
	case r.IsDeleteMarker, r.Removed:
		one.Bytes = 0
	case r.Size < 0:
		one.Bytes, one.Unsized = 0, 1
		t.unsized++
	}
	if !r.IsDeleteMarker && !r.Removed && task.Reason != plan.OtherBucket {
		s := &t.stored[class]
		s.add(one)
		s.Billed = plan.Sum(s.Billed, billed(classes[class], one.Bytes))
		if classes[class] == inventory.IntelligentTiering && r.Size >= smallObject {
			s.Monitored++
		}
		t.addStatus(r, one)
	}
	if task.Action == plan.Skip {
		t.addSkip(task.Reason, class, one)
		return
	}
	t.addWork(task, class, one)
}

func (t *Tally) addWork(task *plan.Task, class int, one Count) {
	r := &task.Record
	w := &t.work[task.Action][class]
	w.add(one)
	w.Billed = plan.Sum(w.Billed, billed(classes[class], one.Bytes))
	w.Largest = max(w.Largest, one.Bytes)
	w.Demand = w.Demand.Add(task.Demand)
	if task.NeedHead {
		w.Heads++
	}
	if task.FromKMS {
		w.FromKMS++
	}
	w.Doubts.count(task.Doubts)
	if r.Encryption == inventory.NotSSE {
		w.NotSSE.add(one)
	}
	if r.LockMode == "" {
		w.Unlocked.add(Count{1, billed(classes[class], one.Bytes), one.Unsized})
	}
	if one.Bytes > plan.SingleCopyLimit {
		w.Large.add(one)
		w.Parts = plan.Sum(w.Parts, plan.PartCount(one.Bytes))
	}
	if one.Bytes >= cliPart {
		w.CLI.add(one)
		w.CLIPart = plan.Sum(w.CLIPart, min((one.Bytes-1)/cliPart+1, plan.MaxParts))
	}

	age := time.Duration(-1)
	if !r.LastModified.IsZero() {
		age = max(t.now.Sub(r.LastModified), 0)
	}
	t.ages[ageIndex(age)].add(one)
	if days := minDays(classes[class]); days > 0 {
		y, b := &t.young[inPlace(task.Action)][class], billed(classes[class], one.Bytes)
		if d := int64(age / (24 * time.Hour)); age < 0 || one.Unsized > 0 && d < int64(days) {
			y.unknown.add(Count{1, b, one.Unsized})
		} else if d < int64(days) {
			y.day[d] = plan.Sum(y.day[d], b)
			y.objects++
		}
	}

	p := t.prefix(r.Key)
	p.add(one)
	p.demand(task.Demand.Writes.Max, task.Demand.Reads.Max)
}

// AddDemand adds requests about the object of a task that was added before, such
// as those that try it first, to what is to be sent.
func (t *Tally) AddDemand(task *plan.Task, d plan.Demand) {
	w := &t.work[task.Action][classIndex(task.Record.StorageClass)]
	w.Demand = w.Demand.Add(d)
	p := t.prefix(task.Record.Key)
	p.demand(d.Writes.Max, d.Reads.Max)
}

func (p *PrefixCount) demand(writes, reads int64) {
	p.Writes, p.Reads = plan.Sum(p.Writes, writes), plan.Sum(p.Reads, reads)
}

// inPlace returns the index into Tally.young for an action.
func inPlace(a plan.Action) int {
	if a == plan.Update {
		return 1
	}
	return 0
}

func (t *Tally) addSkip(reason plan.Reason, class int, one Count) {
	c := t.skips[reason]
	if c == nil {
		if len(t.skips) >= maxReasons {
			reason = "other"
			c = t.skips[reason]
		}
		if c == nil {
			c = new([numClasses]Count)
			t.skips[reason] = c
		}
	}
	c[class].add(one)
}

func (t *Tally) addStatus(r *inventory.Record, one Count) {
	name := statusName(r)
	c := t.status[name]
	if c == nil {
		c = new(Count)
		t.status[name] = c
	}
	c.add(one)
}

// statusName names the encryption of a row in one of a fixed number of ways.
func statusName(r *inventory.Record) string {
	switch r.Encryption {
	case inventory.EncryptionUnknown:
		return "unknown"
	case inventory.SSEKMS:
		switch r.BucketKey {
		case "ENABLED":
			return "SSE-KMS, bucket key"
		case "DISABLED":
			return "SSE-KMS, no bucket key"
		}
		return "SSE-KMS"
	case inventory.SSES3, inventory.DSSEKMS, inventory.SSEC, inventory.NotSSE:
		return string(r.Encryption)
	}
	return "other"
}

// prefix returns the sums of the top-level prefix of key.
func (t *Tally) prefix(key string) *PrefixCount {
	name := ""
	if i := strings.IndexByte(key, '/'); i >= 0 {
		name = key[:i+1]
		if i >= longestName {
			name = key[:longestName]
		}
	}
	if t.last != nil && name == t.lastName {
		return t.last
	}
	p := t.prefixes[name]
	if p == nil {
		if len(t.prefixes) >= maxPrefixes {
			name = Others
			p = t.prefixes[name]
		}
		if p == nil {
			name = strings.Clone(name)
			p = &PrefixCount{Prefix: name}
			t.prefixes[name] = p
		}
		return p // not remembered: the name may be that of another prefix
	}
	t.last, t.lastName = p, p.Prefix
	return p
}

// Merge adds the sums of o, which must count ages from the same instant. Where
// both together have more prefixes than a tally tells apart, those of o go to
// Others.
func (t *Tally) Merge(o *Tally) error {
	if !t.now.Equal(o.now) {
		return fmt.Errorf("merge tallies: ages count from %s and from %s", t.now.Format(time.RFC3339), o.now.Format(time.RFC3339))
	}
	t.rows, t.unsized = plan.Sum(t.rows, o.rows), plan.Sum(t.unsized, o.unsized)
	for a := range t.work {
		for c := range t.work[a] {
			t.work[a][c].merge(&o.work[a][c])
		}
	}
	for c := range t.stored {
		t.stored[c].add(o.stored[c].Count)
		t.stored[c].Billed = plan.Sum(t.stored[c].Billed, o.stored[c].Billed)
		t.stored[c].Monitored = plan.Sum(t.stored[c].Monitored, o.stored[c].Monitored)
		for how := range t.young {
			y, oy := &t.young[how][c], &o.young[how][c]
			for d := range y.day {
				y.day[d] = plan.Sum(y.day[d], oy.day[d])
			}
			y.objects = plan.Sum(y.objects, oy.objects)
			y.unknown.add(oy.unknown)
		}
	}
	for i := range t.ages {
		t.ages[i].add(o.ages[i])
	}
	for reason, byClass := range o.skips {
		for c, n := range byClass {
			if n != (Count{}) {
				t.addSkip(reason, c, n)
			}
		}
	}
	for name, n := range o.status {
		if t.status[name] == nil {
			t.status[name] = new(Count)
		}
		t.status[name].add(*n)
	}
	t.last = nil
	for _, p := range o.Prefixes() { // in order, so that what goes to Others does not depend on chance
		q := t.prefixes[p.Prefix]
		if q == nil && len(t.prefixes) >= maxPrefixes {
			p.Prefix = Others
			q = t.prefixes[Others]
		}
		if q == nil {
			q = &PrefixCount{Prefix: p.Prefix}
			t.prefixes[p.Prefix] = q
		}
		q.add(p.Count)
		q.demand(p.Writes, p.Reads)
	}
	return nil
}

func (w *workload) merge(o *workload) {
	w.add(o.Count)
	w.Billed = plan.Sum(w.Billed, o.Billed)
	w.Largest = max(w.Largest, o.Largest)
	w.Demand = w.Demand.Add(o.Demand)
	w.Heads = plan.Sum(w.Heads, o.Heads)
	w.FromKMS = plan.Sum(w.FromKMS, o.FromKMS)
	w.Doubts.add(o.Doubts)
	w.NotSSE.add(o.NotSSE)
	w.Large.add(o.Large)
	w.Unlocked.add(o.Unlocked)
	w.Parts = plan.Sum(w.Parts, o.Parts)
	w.CLI.add(o.CLI)
	w.CLIPart = plan.Sum(w.CLIPart, o.CLIPart)
}

func big64(n int64) *big.Int { return big.NewInt(n) }
