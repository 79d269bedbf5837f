package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"reseal/cost"
)

// Campaign is what became of the buckets of a campaign.
type Campaign struct {
	Campaign string           `json:"campaign"` // its folder or prefix
	Created  time.Time        `json:"created"`
	Taken    time.Time        `json:"taken"`   // when its jobs were read for this
	Version  string           `json:"version"` // of the program
	Total    CampaignTotal    `json:"total"`
	Buckets  []CampaignBucket `json:"buckets"`
}

// CampaignTotal is over all buckets that are not left out of the list.
type CampaignTotal struct {
	Buckets  int `json:"buckets"`
	Finished int `json:"finished"`
	Verified int `json:"verified"` // of those finished: all that verify looked at was as promised, and the job did not go on since
	Unknown  int `json:"unknown"`  // whose objects are in no figure
	CampaignFigures
}

// CampaignFigures are those of all generations of a job, or of all jobs.
type CampaignFigures struct {
	Objects   int64      `json:"objects"` // to be re-encrypted
	Done      int64      `json:"done"`
	Bytes     int64      `json:"bytes"` // of those done
	Failed    int64      `json:"failed"`
	Left      int64      `json:"left"`       // not done yet
	LeftAlone int64      `json:"left_alone"` // for a reason of their plan, those that are under the key already not among them
	Spent     cost.Money `json:"spent_max_usd"`
}

// CampaignBucket is a bucket of a campaign.
type CampaignBucket struct {
	Bucket  string `json:"bucket"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Key     string `json:"kms_key_id,omitempty"`
	Job     string `json:"job"` // where its own report is made from
	State   string `json:"state"`
	LeftOut bool   `json:"left_out"` // of the list, and in no sum
	Why     string `json:"why,omitempty"`
	Next    string `json:"next,omitempty"` // command

	Known bool `json:"known"` // the figures are: else they are 0
	CampaignFigures
	Planned     *cost.Span `json:"planned_usd,omitempty"`
	Generations int        `json:"generations"`
	Clean       time.Time  `json:"clean_as_of,omitzero"` // of the last listing in which nothing was to do

	NotDone  []NotDone `json:"not_done,omitempty"`
	Verified *Verified `json:"verified,omitempty"`
	Unseen   []int     `json:"generations_not_verified,omitempty"` // of those that are jobs, by number
	Signable bool      `json:"as_promised"`                        // all of it was verified, as it is now, and found so

	Failures bool `json:"-"` // its state is no good end
	Finished bool `json:"-"`
}

// NotDone are objects that were not re-encrypted, and why.
type NotDone struct {
	Objects int64  `json:"objects"`
	Why     string `json:"why"` // a reason of the vocabulary, or failed, or not reached
}

// WriteCampaignJSON writes a campaign as one JSON document.
func WriteCampaignJSON(w io.Writer, v *Campaign) error {
	return writeJSON(w, struct {
		Type string `json:"type"`
		*Campaign
	}{"campaign-report", v})
}

// answer says in a sentence or two what became of the campaign.
func (v *Campaign) answer() string {
	t := &v.Total
	out := fmt.Sprintf("%d of %s finished, %d of them verified with all as promised. %s re-encrypted", t.Finished, Plural(int64(t.Buckets), "bucket"), t.Verified, Plural(t.Done, "object"))
	for _, n := range []struct {
		objects int64
		what    string
	}{{t.Failed, "failed"}, {t.Left, "not done yet"}, {t.LeftAlone, "left alone"}} {
		if n.objects > 0 {
			out += ", " + Count(n.objects) + " " + n.what
		}
	}
	if t.Unknown > 0 {
		out += fmt.Sprintf("; of %s nobody knows, and they are in no figure", Plural(int64(t.Unknown), "bucket"))
	}
	return sentence(out)
}

// verifiedWords are what is known of a bucket by verify.
func (b *CampaignBucket) verifiedWords() string {
	switch {
	case b.Verified == nil:
		return "not verified"
	case len(b.Unseen) > 0:
		return fmt.Sprintf("not all generations verified (of %d)", b.Generations)
	}
	return b.Verified.words()
}

// notDoneWords list what was not done, as in "2 archived, 1 failed".
func (b *CampaignBucket) notDoneWords() string {
	var all []string
	for _, n := range b.NotDone {
		all = append(all, Count(n.Objects)+" "+visible(n.Why, 60))
	}
	return strings.Join(all, ", ")
}

// WriteCampaign writes a campaign as text, in lines as long as Columns says.
func WriteCampaign(w io.Writer, v *Campaign) error {
	p := newPage(w)
	p.wrapped("", fmt.Sprintf("Campaign %s, as of %s", visible(v.Campaign, 200), Time(v.Taken)))
	p.wrapped("", v.answer())
	p.printf("\n")
	t := table{align: "llrrrrrr", spare: []int{7, 6}}
	t.row("bucket", "state", "done", "failed", "left", "left alone", "bytes", "spent up to")
	figures := func(f *CampaignFigures) []string {
		return []string{Count(f.Done), Count(f.Failed), Count(f.Left), Count(f.LeftAlone), Bytes(f.Bytes), Money(f.Spent)}
	}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		cells := figures(&b.CampaignFigures)
		if !b.Known {
			cells = []string{"-", "-", "-", "-", "-", "-"}
		}
		t.row(append([]string{visible(b.Bucket, 24), b.State}, cells...)...)
	}
	t.row(append([]string{"all", fmt.Sprintf("%d of %d", v.Total.Finished, v.Total.Buckets)}, figures(&v.Total.CampaignFigures)...)...)
	t.write(p, "")
	for i := range v.Buckets {
		writeCampaignBucket(p, &v.Buckets[i])
	}
	return p.err
}

func writeCampaignBucket(p *page, b *CampaignBucket) {
	p.printf("\n")
	p.wrapped("", visible(b.Bucket, 255)+": "+b.State)
	for _, line := range b.lines() {
		p.hanging(indent+pad(line.Name, 13), indent+pad("", 13), line.Value)
	}
}

// lines are what is to be known of a bucket beside its figures.
func (b *CampaignBucket) lines() (out []shown) {
	add := func(name, value string, code bool) {
		if value != "" {
			out = append(out, shown{Name: name, Value: value, Code: code})
		}
	}
	add("why", visible(b.Why, 500), false)
	add("not done", b.notDoneWords(), false)
	if !b.Clean.IsZero() {
		add("clean", "as of "+Time(b.Clean), false)
	}
	add("verify", b.verifiedWords(), false)
	add("key", visible(b.Key, 300), true)
	if b.Planned != nil {
		add("price", fmt.Sprintf("%s; planned: %s", AtMost(b.Spent), AtMost(b.Planned.Max)), false)
	}
	add("job", visible(b.Job, 400), true)
	add("next", visible(b.Next, 400), true)
	return out
}
