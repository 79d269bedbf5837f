package report

import (
	"fmt"
	"io"
)

// WriteCampaignHTML writes a campaign as one HTML file that needs nothing else, like
// WritePlanHTML.
func WriteCampaignHTML(w io.Writer, v *Campaign) error {
	d := document{
		Title:   visible(v.Campaign, 200),
		Kind:    "Campaign of re-encryptions:",
		State:   v.state(),
		Answer:  v.answer(),
		Figures: v.figures(),
		Footer:  fmt.Sprintf("Made %s by reseal %s, of the jobs as they were then. The campaign was begun %s.", Time(v.Taken), visible(v.Version, 60), Time(v.Created)),
	}
	d.add(campaignTable(v))
	d.add(notDoneTable(v))
	d.add(campaignVerified(v))
	d.add(campaignJobs(v))
	return d.write(w)
}

func (v *Campaign) state() *stateText {
	s := &stateText{Text: fmt.Sprintf("%d of %d finished", v.Total.Finished, v.Total.Buckets), Class: "wait"}
	if v.Total.Finished == v.Total.Buckets {
		s.Class = "good"
	}
	for i := range v.Buckets {
		if b := &v.Buckets[i]; b.Failures && !b.LeftOut {
			s.Class = "bad"
		}
	}
	return s
}

func (v *Campaign) figures() []shown {
	t := &v.Total
	missing := shown{Name: "failed or not done", Value: Count(t.Failed + t.Left), Class: "good"}
	if t.Failed+t.Left > 0 {
		missing.Class = "bad"
	}
	verified := shown{Name: "buckets verified, all as promised", Value: Count(int64(t.Verified)), More: "of " + Count(int64(t.Buckets)), Class: "wait"}
	if t.Verified == t.Buckets {
		verified.Class = "good"
	}
	return []shown{{Name: "re-encrypted", Value: Count(t.Done), More: Bytes(t.Bytes)}, missing, {Name: leftAlone, Value: Count(t.LeftAlone)}, verified,
		{Name: "price", Value: AtMost(t.Spent)}}
}

// class is how the state of a bucket looks.
func (b *CampaignBucket) class() string {
	switch {
	case b.Failures:
		return "bad nowrap"
	case b.Finished:
		return "good nowrap"
	}
	return "nowrap"
}

func campaignTable(v *Campaign) section {
	g := &grid{Header: columns("bucket", "state", ">re-encrypted", ">failed", ">not done yet", ">left alone", ">bytes", ">price, at most")}
	row := func(name, state cell, f *CampaignFigures, known bool) {
		cells := []cell{name, state}
		for _, text := range []string{Count(f.Done), Count(f.Failed), Count(f.Left), Count(f.LeftAlone), Bytes(f.Bytes), Money(f.Spent)} {
			if !known {
				text = unknownWord
			}
			cells = append(cells, num(text))
		}
		g.Rows = append(g.Rows, gridRow{Cells: cells})
	}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		name := cell{Text: visible(b.Bucket, 255), Class: "head"}
		if b.LeftOut {
			name.Note = "in no sum"
		}
		row(name, cell{Text: b.State, Class: b.class()}, &b.CampaignFigures, b.Known)
	}
	row(cell{Text: "all", Class: "head"}, text(fmt.Sprintf("%d of %d finished", v.Total.Finished, v.Total.Buckets)), &v.Total.CampaignFigures, true)
	return section{Title: "Buckets", Table: g}
}

// notDoneTable says what was not done, and why a bucket is at no end.
func notDoneTable(v *Campaign) section {
	g := &grid{Prose: true, Header: columns("bucket", ">objects", "why")}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		name := cell{Text: visible(b.Bucket, 255), Class: "head"}
		if b.Why != "" {
			g.Rows = append(g.Rows, gridRow{Cells: []cell{name, num("-"), text(b.State + ": " + visible(b.Why, 500))}})
		}
		for _, n := range b.NotDone {
			g.Rows = append(g.Rows, gridRow{Cells: []cell{name, num(Count(n.Objects)), text(visible(n.Why, 100))}})
		}
	}
	return section{Title: "What was not done, and why", Lead: "Of a bucket with several generations, what was left alone is as of the last one. Objects that are under the key already are not among them.", Table: g}
}

func campaignVerified(v *Campaign) section {
	g := &grid{Prose: true, Header: columns("bucket", "verify", "as of", "clean as of")}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		when, clean, class := "-", "-", ""
		if b.Verified != nil {
			when = Time(b.Verified.At)
		}
		if !b.Clean.IsZero() {
			clean = Time(b.Clean)
		}
		if b.Signable {
			class = "good"
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: visible(b.Bucket, 255), Class: "head"}, {Text: b.verifiedWords(), Class: class}, text(when), text(clean)}})
	}
	return section{Title: "What was verified", Lead: "Each bucket is verified and certified by its own job: reseal verify JOB, reseal certify JOB.", Table: g}
}

func campaignJobs(v *Campaign) section {
	g := &grid{Prose: true, Header: columns("bucket", "job", "key", "next")}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		next := text("-")
		if b.Next != "" {
			next = code(visible(b.Next, 400))
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: visible(b.Bucket, 255), Class: "head"}, code(visible(b.Job, 400)), code(visible(b.Key, 300)), next}})
	}
	return section{Title: "Where the reports of the buckets are", Lead: "All that was done stands in the jobs. reseal report JOB --out BUCKET.html makes the report of one.", Table: g}
}
