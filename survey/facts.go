package survey

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"reseal/cost"
	"reseal/inventory"
	"reseal/partition"
	"reseal/plan"
)

// Facts are what was read of a bucket. Pointers are nil where a question was not answered,
// and Unread has it then.
type Facts struct {
	Name, Region string
	Settings     plan.Facts // versioning, lock, ACLs, requester pays
	Encryption   *Encryption
	Policy       *Document
	Replication  *Replication
	Inventories  *[]Inventory
	Metadata     *Metadata
	Stored       *Stored
	Unread       []Unread
	Failed       bool // nothing was read: Unread says why
}

// Document is the policy of a bucket; nil Text where it has none.
type Document struct{ Text []byte }

// Stored is what metrics say of the size of a bucket.
type Stored struct {
	Objects *int64
	Bytes   map[inventory.StorageClass]int64
	Tiers   map[string]int64 // bytes in the archive tiers of INTELLIGENT_TIERING, which are in Bytes no more
	Day     time.Time
}

// Terms are what the figures rest on.
type Terms struct {
	Prices cost.Prices
	Rate   float64 // objects a second
	Now    time.Time
	AWS    plan.Answer
}

// Old is the age from which a daily report is called old; a weekly one gets a week more.
const Old = 3 * 24 * time.Hour

// JudgeAll is Judge for all buckets of an account, in their order, on all processors: a
// price takes some milliseconds.
func JudgeAll(a *Account, facts []Facts, t *Terms) []Row {
	rows := make([]Row, len(facts))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range facts {
		work.Go(func() error {
			rows[i] = Judge(a, &facts[i], t)
			return nil
		})
	}
	_ = work.Wait() // none returns an error
	return rows
}

// Judge turns the facts of a bucket into its row.
func Judge(a *Account, f *Facts, t *Terms) Row {
	r := Row{Account: a.ID, Alias: a.Alias, Bucket: f.Name, Region: f.Region, account: a, Encryption: f.Encryption, Replication: f.Replication, Metadata: f.Metadata, Unread: f.Unread,
		Versioning: f.Settings.Versioning.String(), ObjectLock: f.Settings.ObjectLock.String(), Retention: f.Settings.Retention.String(),
		ACLs: f.Settings.ACLs.String(), Requester: f.Settings.Requester.String(), Public: plan.Unknown.String()}
	if f.Policy != nil {
		r.Policy = says(f.Policy.Text, a.ID, partition.OfRegion(f.Region), f.Name)
		r.Public = r.Policy.public
		if why := r.Policy.Unreadable; why != "" { // it was sent, and nobody knows what it says
			r.Unread = append(slices.Clone(f.Unread), Unread{Question: "bucket policy", Operation: "GetBucketPolicy", Code: "not-understood", Why: "it could not be understood: " + why})
		}
	}
	if f.Inventories != nil {
		r.Inventories = slices.Clone(*f.Inventories)
		if r.Inventories == nil {
			r.Inventories = []Inventory{}
		}
		for i := range r.Inventories {
			if k := &r.Inventories[i]; k.Missing == nil {
				k.Missing = []string{}
			}
		}
	}
	if s := f.Stored; s != nil {
		r.stored(s)
	}
	best := r.best(t.Now)
	r.State = r.state(best, f, t.Now)
	if best != nil {
		r.Manifest = best.Location
	}
	if r.Objects != nil && r.Bytes != nil && !r.contradicts() {
		r.Estimate = estimate(&r, f, t)
	}
	r.notes(f)
	r.needs(best, f)
	return r
}

// stored takes over the figures, classes in order.
func (r *Row) stored(s *Stored) {
	r.Objects, r.Figures = s.Objects, s.Day
	for class, n := range s.Bytes {
		r.Classes = append(r.Classes, Class{Class: class, Bytes: n})
	}
	for tier, n := range s.Tiers {
		r.Classes = append(r.Classes, Class{Class: inventory.IntelligentTiering, Tier: tier, Bytes: n})
	}
	if len(r.Classes) == 0 {
		return
	}
	var all int64
	for _, c := range r.Classes {
		all = plan.Sum(all, c.Bytes)
	}
	slices.SortFunc(r.Classes, func(a, b Class) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), strings.Compare(string(a.Class), string(b.Class)), strings.Compare(a.Tier, b.Tier))
	})
	r.Bytes = &all
}

// empty tells whether the figures show that nothing is in the bucket.
func (r *Row) empty() bool {
	return r.Objects != nil && *r.Objects == 0 && (r.Bytes == nil || *r.Bytes == 0)
}

// contradicts tells whether the figures have bytes of no object, as parts of unfinished
// uploads may make them. Nothing can be reckoned from such.
func (r *Row) contradicts() bool {
	return r.Objects != nil && *r.Objects == 0 && !r.empty()
}

// best is the inventory that a plan would go by: switched on, of the whole bucket, with a
// report, the columns that spare looks, the newest report. A report that is there and
// lacks a column takes a look at each object, and one that is not there yet is no report.
func (r *Row) best(now time.Time) *Inventory {
	var best *Inventory
	for i := range r.Inventories {
		k := &r.Inventories[i]
		if k.Enabled && k.Location != "" && (best == nil || k.better(best, now)) {
			best = k
		}
	}
	return best
}

func (k *Inventory) better(o *Inventory, now time.Time) bool {
	weight := func(k *Inventory) int {
		n := 0
		if k.Prefix == "" {
			n += 8
		}
		switch {
		case k.Newest.IsZero():
		case k.old(now):
			n += 2
		default:
			n += 4
		}
		if len(k.Missing) == 0 {
			n++
		}
		return n
	}
	return cmp.Or(weight(k)-weight(o), k.Newest.Compare(o.Newest)) > 0
}

// unseen tells whether there is an inventory of the whole bucket whose reports nobody
// could look for.
func (r *Row) unseen() bool {
	return slices.ContainsFunc(r.Inventories, func(k Inventory) bool { return k.Enabled && k.Prefix == "" && !k.Looked && k.Newest.IsZero() })
}

// Age is how old the newest report is; false where none is known.
func (k *Inventory) Age(now time.Time) (time.Duration, bool) {
	return max(now.Sub(k.Newest), 0), !k.Newest.IsZero()
}

func (k *Inventory) old(now time.Time) bool {
	limit := Old
	if strings.EqualFold(k.Frequency, "weekly") {
		limit += 7 * 24 * time.Hour
	}
	age, known := k.Age(now)
	return known && age > limit
}

func (r *Row) state(best *Inventory, f *Facts, now time.Time) State {
	switch {
	case f.Failed:
		return Failed
	case f.Inventories == nil:
		return Unsure
	case (best == nil || best.Prefix != "" || best.Newest.IsZero()) && r.unseen():
		return Unsure
	case best == nil || best.Prefix != "":
		return Setup
	case best.Newest.IsZero():
		return NoReport
	case best.old(now):
		return Late
	}
	return Ready
}

// Complete makes a survey of the rows of all accounts.
func Complete(accounts []Account, rows []Row, t *Terms, version string) *Survey {
	if rows == nil {
		rows = []Row{} // which is none, and not unknown
	}
	s := &Survey{Taken: t.Now.UTC(), Version: version, Rate: t.Rate, Accounts: accounts, Rows: rows}
	slices.SortStableFunc(s.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Bucket, b.Bucket))
	})
	n := &s.Totals
	n.ByState = map[State]int{}
	for i := range s.Rows {
		r := &s.Rows[i]
		n.Buckets++
		n.ByState[r.State]++
		if len(r.Unread) > 0 {
			n.Partial++
		}
		if r.Objects == nil || r.Bytes == nil || r.contradicts() {
			n.Unsized++
			continue
		}
		n.Objects, n.Bytes = plan.Sum(n.Objects, *r.Objects), plan.Sum(n.Bytes, *r.Bytes)
		if !r.Estimate.Priced {
			n.Unpriced++
			continue
		}
		n.Update, n.Copy = n.Update.Add(r.Estimate.Update), n.Copy.Add(r.Estimate.Copy)
	}
	return s
}
