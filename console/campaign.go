package console

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"reseal/campaign"
	"reseal/cost"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/report"
)

// longBucket is how much of a bucket's name has room in the table of a campaign.
const longBucket = 22

// CampaignPlan writes what a campaign is going to do: a row a bucket, the sum, and why
// some cannot begin.
func CampaignPlan(w io.Writer, s *campaign.Status) error {
	rows := [][]string{{"BUCKET", "OBJECTS", "BYTES", "UP TO", "KMS UP TO", "STATE"}}
	var begin []campaign.Row
	for i := range s.Buckets {
		r := &s.Buckets[i]
		rows = append(rows, planRow(bucketShown(r.Bucket), r.Planned, r.Left, string(r.State)))
		if r.State.Begins() {
			begin = append(begin, *r)
		}
	}
	sum := campaign.NewStatus(s.Job, begin).Sum
	rows = append(rows, planRow("all", &sum.Planned, &sum.Left, fmt.Sprintf("%d of %d", sum.Buckets, s.Sum.Buckets)))
	if err := report.WriteTable(w, "lrrrrl", nil, rows); err != nil {
		return err
	}
	return campaignReasons(w, s)
}

func planRow(name string, f *campaign.Figures, left *int64, state string) []string {
	row := []string{name, "-", "-", "-", "-", state}
	if left != nil {
		row[1] = short(*left)
	}
	if f == nil {
		return row
	}
	row[2], row[4] = report.Bytes(f.Bytes), short(f.KMS.Max)
	if row[3] = shortMoney(f.Price.Max); !f.Priced {
		row[3] = "unknown"
		if f.Price.Max > 0 {
			row[3] = "> " + shortMoney(f.Price.Max)
		}
	}
	return row
}

// Campaign writes how far a campaign is: a row a bucket, the sum, and what is to be done
// about those that are not finished.
func Campaign(w io.Writer, s *campaign.Status) error {
	rows := [][]string{{"BUCKET", "STATE", "DONE", "LEFT", "FAILED", "SPENT UP TO"}}
	for i := range s.Buckets {
		r := &s.Buckets[i]
		left := "-"
		if r.Left != nil {
			left = short(*r.Left)
		}
		rows = append(rows, []string{bucketShown(r.Bucket), string(r.State), short(r.Done), left, short(r.Failed), shortMoney(r.Spent)})
	}
	sum := &s.Sum
	rows = append(rows, []string{"all", fmt.Sprintf("%d of %d", sum.Finished, sum.Buckets), short(sum.Done), short(sum.Left), short(sum.Failed), shortMoney(sum.Spent)})
	if err := report.WriteTable(w, "llrrrr", nil, rows); err != nil {
		return err
	}
	return campaignReasons(w, s)
}

// campaignReasons says why buckets stand as they do, and the commands that are next for them.
func campaignReasons(w io.Writer, s *campaign.Status) (err error) {
	say := func(text string) {
		if err == nil {
			_, err = io.WriteString(w, text)
		}
	}
	for i := range s.Buckets {
		r := &s.Buckets[i]
		if r.State == campaign.LeftOut || r.Why == "" {
			continue
		}
		say("\n" + terminal.Wrapped("", fmt.Sprintf("%s: %s: %s", plain.Text(r.Bucket), r.State, plain.Text(strings.TrimSuffix(r.Why, ".")))))
		if r.Next != "" {
			say("next: " + plain.Text(r.Next) + "\n")
		}
	}
	return err
}

func bucketShown(name string) string { return plain.Name(name, longBucket-3) }

// short is a number of at most seven characters.
func short(n int64) string {
	for _, unit := range []struct {
		name string
		of   int64
	}{{" E", 1e18}, {" P", 1e15}, {" T", 1e12}, {" G", 1e9}, {" M", 1e6}} {
		if n >= unit.of {
			return strconv.FormatFloat(float64(n)/float64(unit.of), 'f', 1, 64) + unit.name
		}
	}
	return report.Count(n)
}

// shortMoney is an amount, of a million dollars on without cents.
func shortMoney(m cost.Money) string {
	if m < 1_000_000*cost.Dollar {
		return report.Money(m)
	}
	return "$" + short(int64(m/cost.Dollar))
}
