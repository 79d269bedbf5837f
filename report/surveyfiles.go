package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"reseal/cost"
	"reseal/survey"
)

// WriteSurveyJSON writes a survey as one JSON document.
func WriteSurveyJSON(w io.Writer, v *survey.Survey) error {
	return writeJSON(w, struct {
		Type string `json:"type"`
		*survey.Survey
	}{"survey", v})
}

// surveyColumns are the columns of the CSV of a survey, which has them as its first line.
var surveyColumns = []string{"account", "alias", "bucket", "region", "state", "default_encryption", "kms_key_id", "bucket_key", "objects", "bytes", "figures_of",
	"versioning", "object_lock", "default_retention", "replication", "bucket_policy", "public_policy", "acls", "requester_pays", "manifest", "newest_report",
	"update_usd_min", "update_usd_max", "copy_usd_min", "copy_usd_max", "kms_requests_max", "seconds", "not_answered", "denied_actions"}

// WriteSurveyCSV writes a survey as CSV, a bucket a line, with a header. What is not known is
// an empty cell. A cell that a spreadsheet would run as a formula begins with an apostrophe.
func WriteSurveyCSV(w io.Writer, v *survey.Survey) error {
	out := csv.NewWriter(w)
	if err := out.Write(surveyColumns); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, cells := range surveyLines(v) {
		for j := range cells {
			cells[j] = safeCell(cells[j])
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// surveyLines are the lines of the CSV: each bucket, then each account of which there is none,
// as it could not be asked.
func surveyLines(v *survey.Survey) (out [][]string) {
	for i := range v.Rows {
		out = append(out, surveyCells(&v.Rows[i]))
	}
	for i := range v.Accounts {
		a := &v.Accounts[i]
		if a.Error == nil {
			continue
		}
		cells := make([]string, len(surveyColumns))
		at := func(name string) *string { return &cells[slices.Index(surveyColumns, name)] }
		*at("account"), *at("alias"), *at("state"), *at("not_answered") = a.ID, a.Alias, string(survey.Failed), a.Error.Question
		if a.Error.Denied {
			*at("denied_actions") = a.Error.Action
		}
		out = append(out, cells)
	}
	return out
}

func surveyCells(r *survey.Row) []string {
	known := func(s string) string {
		if s == unknownWord {
			return ""
		}
		return s
	}
	number := func(n *int64) string {
		if n == nil {
			return ""
		}
		return strconv.FormatInt(*n, 10)
	}
	key, bucketKey, day, newest := "", "", "", ""
	if e := r.Encryption; e != nil {
		key, bucketKey = e.Key, strconv.FormatBool(e.BucketKey)
	}
	if !r.Figures.IsZero() {
		day = r.Figures.UTC().Format("2006-01-02")
	}
	for i := range r.Inventories {
		if k := &r.Inventories[i]; k.Location == r.Manifest && !k.Newest.IsZero() {
			newest = k.Newest.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	cells := []string{r.Account, r.Alias, r.Bucket, r.Region, string(r.State), known(defaultWord(r.Encryption)), key, bucketKey, number(r.Objects), number(r.Bytes), day,
		known(r.Versioning), known(r.ObjectLock), known(r.Retention), known(replicationText(r.Replication)), known(r.Policy.Word()), known(r.Public), known(r.ACLs),
		known(r.Requester), r.Manifest, newest}
	money := []string{"", "", "", "", "", ""}
	if e := r.Estimate; e != nil {
		money[4], money[5] = strconv.FormatInt(e.KMS.Max, 10), strconv.FormatFloat(e.Time.Seconds(), 'f', 0, 64)
		if e.Priced {
			money[0], money[1] = e.Update.Min.Decimal(), e.Update.Max.Decimal()
			money[2], money[3] = e.Copy.Min.Decimal(), e.Copy.Max.Decimal()
		}
	}
	var questions, actions []string
	for _, u := range r.Unread {
		questions = append(questions, u.Words())
		if u.Denied {
			actions = append(actions, u.Action)
		}
	}
	return append(append(cells, money...), strings.Join(questions, "; "), strings.Join(actions, "; "))
}

// WriteSurveyHTML writes a survey as one HTML file that needs nothing else, like
// WritePlanHTML.
func WriteSurveyHTML(w io.Writer, v *survey.Survey) error {
	n := &v.Totals
	d := document{
		Title:   Plural(int64(len(v.Accounts)), "account") + ", " + Plural(int64(n.Buckets), "bucket"),
		Kind:    "Survey for re-encryption",
		Answer:  surveyAnswer(v),
		Figures: surveyFigures(v),
		Footer:  "Taken " + Time(v.Taken) + " by reseal " + visible(v.Version, 60) + ". It only read. Prices are list prices in US dollars, before tax and discounts.",
	}
	d.add(failedAccounts(v))
	for _, group := range places(v.Rows) {
		d.add(surveyPlace(group))
	}
	d.add(refusals(v))
	d.add(section{Title: "What is missing to begin", Lead: "The next commands, as they can be pasted; KEY_ARN and s3://REPORTS/inventory are to be named.", Cards: needCards(v)})
	d.add(section{Title: "Notes", Notes: surveyNotes(v)})
	return d.write(w)
}

func surveyAnswer(v *survey.Survey) string {
	n := &v.Totals
	text := fmt.Sprintf("%d of %s can be planned now.", n.ByState[survey.Ready]+n.ByState[survey.Late], Plural(int64(n.Buckets), "bucket"))
	if v.Partial() {
		text += " Not all questions were answered; what is unknown is called so, and is in no sum."
	}
	return text
}

func surveyFigures(v *survey.Survey) []shown {
	n := &v.Totals
	out := []shown{{Name: "buckets", Value: Count(int64(n.Buckets)), More: fmt.Sprintf("%d with a report", n.ByState[survey.Ready]+n.ByState[survey.Late])}}
	if n.Buckets == n.Unsized {
		return append(out, shown{Name: "objects", Value: unknownWord})
	}
	unsized := ""
	if n.Unsized > 0 {
		unsized = fmt.Sprintf("without %d of unknown size", n.Unsized)
	}
	out = append(out, shown{Name: "objects", Value: shortCount(&n.Objects), More: unsized}, shown{Name: "bytes", Value: Bytes(n.Bytes), More: unsized})
	unpriced := ""
	if n.Unsized+n.Unpriced > 0 {
		unpriced = fmt.Sprintf("for %d of them", n.Buckets-n.Unsized-n.Unpriced)
	}
	if n.Buckets == n.Unsized+n.Unpriced {
		return append(out, shown{Name: "price", Value: unknownWord})
	}
	return append(out, shown{Name: "by updates, at most", Value: Money(n.Update.Max), More: unpriced}, shown{Name: "by copies, at most", Value: Money(n.Copy.Max), More: unpriced})
}

func failedAccounts(v *survey.Survey) section {
	g := &grid{Prose: true, Header: columns("account", "what was refused", "why")}
	for i := range v.Accounts {
		if a := &v.Accounts[i]; a.Error != nil {
			g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: accountName(a.ID, a.Alias, a.Role), Class: "head"}, text(knownOr(a.Error.Action)), text(visible(a.Error.Why, 400))}})
		}
	}
	return section{Title: "Accounts that could not be asked", Table: g}
}

// surveyPlace is the table of one Region of an account.
func surveyPlace(group []survey.Row) section {
	first := &group[0]
	g := &grid{Header: columns("bucket", "state", "default", ">objects", ">bytes", "versioning", "lock", "policy", ">updates, at most", ">copies, at most")}
	for i := range group {
		r := &group[i]
		update, copied := num(unknownWord), num(unknownWord)
		if e := r.Estimate; e != nil && e.Priced {
			update, copied = atMostCell(e.Update), atMostCell(e.Copy)
		}
		name := cell{Text: visible(r.Bucket, 255), Class: "head"}
		if len(r.Unread) > 0 {
			name.Note = fmt.Sprintf("%s not answered", Plural(int64(len(r.Unread)), "question"))
		}
		g.Rows = append(g.Rows, gridRow{Cells: []cell{name, {Text: string(r.State), Class: surveyStateClass(r.State)}, text(defaultWord(r.Encryption)), num(countOf(r.Objects)), num(knownBytes(r.Bytes)),
			text(r.Versioning), text(r.ObjectLock), text(r.Policy.Word()), update, copied}})
	}
	return section{Title: accountName(first.Account, first.Alias, "") + ", " + knownOr(visible(first.Region, 40)), Table: g}
}

// atMostCell is an amount by its upper end, and below it the lower one.
func atMostCell(s cost.Span) cell {
	c := num(Money(s.Max))
	if s.Min.Cents() != s.Max.Cents() {
		c.Note = "from " + Money(s.Min)
	}
	return c
}

func surveyStateClass(s survey.State) string {
	switch s {
	case survey.Ready:
		return "good nowrap"
	case survey.Failed:
		return "bad nowrap"
	}
	return "nowrap"
}

func refusals(v *survey.Survey) section {
	g := &grid{Prose: true, Header: columns("action", "question", ">buckets")}
	for _, r := range Refusals(v) {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: r.Action, Code: true}, text(r.Question), num(Count(int64(r.Buckets)))}})
	}
	return section{Title: "What was not answered", Lead: "Where an action stands, it was denied.", Table: g}
}

// mostCards bounds the cards of a page; the JSON has all of them.
const mostCards = 200

func needCards(v *survey.Survey) (out []card) {
	for i := range v.Rows {
		r := &v.Rows[i]
		if len(r.Needs)+len(r.Notes) == 0 || len(out) == mostCards {
			continue
		}
		c := card{Title: visible(r.Bucket, 255), State: cell{Text: string(r.State), Class: surveyStateClass(r.State)}}
		for _, note := range r.Notes {
			c.Pairs = append(c.Pairs, shown{Name: "note", Value: note})
		}
		for _, n := range r.Needs {
			c.Pairs = append(c.Pairs, shown{Name: "needs", Value: n.What})
			if n.Command != "" {
				c.Pairs = append(c.Pairs, shown{Name: "command", Value: n.Command, Code: true})
			}
		}
		out = append(out, c)
	}
	return out
}

func surveyNotes(v *survey.Survey) []string {
	notes := []string{
		"Objects and bytes are the newest daily metrics of S3 in CloudWatch: all versions, and what is left of unfinished uploads. Delete markers count as objects.",
		"How objects are encrypted is not known without a report. So prices are for re-encrypting all of them; what is under the key already costs nothing.",
		"A price is a range: how many objects each storage class has, and how old they are, is not known. Copies of young objects in some classes pay the rest of a minimum storage duration.",
	}
	notes = append(notes, surveyPrice(v)...)
	if len(v.Rows) > mostCards {
		notes = append(notes, fmt.Sprintf("The page has the next commands of the first %d buckets; reseal survey --output json has those of all.", mostCards))
	}
	return notes
}
