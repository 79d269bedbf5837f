package report

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/cost"
	"reseal/internal/terminal"
	"reseal/inventory"
	"reseal/survey"
)

// unknownWord stands for what nobody could read.
const unknownWord = "unknown"

// longName is how long the name of a bucket may be to stand in its row of the table; a
// longer one has a line of its own.
const longName = 22

// WriteSurvey writes a survey as text of 80 columns: a table for each account and Region,
// what was not answered, and the sums. Detail is in WriteSurveyBucket.
func WriteSurvey(w io.Writer, v *survey.Survey) error {
	p := newPage(w)
	notAsked(p, v)
	for _, group := range places(v.Rows) {
		first := &group[0]
		p.wrapped("", accountName(first.Account, first.Alias, "")+", "+knownOr(visible(first.Region, 40))+": "+Plural(int64(len(group)), "bucket"))
		t := &table{align: "llrrrl"}
		t.row("BUCKET", "DEFAULT", "OBJECTS", "BYTES", "UP TO", "STATE")
		for j := range group {
			r := &group[j]
			name := visible(r.Bucket, 255)
			if len(name) > longName {
				t.whole(name)
				name = ""
			}
			t.row(name, defaultWord(r.Encryption), shortCount(r.Objects), knownBytes(r.Bytes), upTo(r.Estimate), string(r.State)+star(r))
		}
		t.write(p, "")
		p.printf("\n")
	}
	surveyTotals(p, v)
	return p.err
}

// WriteSurveyBuckets writes all that a survey found about each of its buckets, and which
// accounts could not be asked about them.
func WriteSurveyBuckets(w io.Writer, v *survey.Survey) error {
	p := newPage(w)
	notAsked(p, v)
	if p.err != nil {
		return p.err
	}
	for i := range v.Rows {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := WriteSurveyBucket(w, &v.Rows[i], v.Rate); err != nil {
			return err
		}
	}
	return nil
}

// notAsked says which accounts could not be asked, and why.
func notAsked(p *page, v *survey.Survey) {
	for i := range v.Accounts {
		if a := &v.Accounts[i]; a.Error != nil {
			p.wrapped("", accountName(a.ID, a.Alias, a.Role)+": not asked: "+visible(a.Error.Why, 400)+".")
			p.printf("\n")
		}
	}
}

// star says that not all questions about a bucket were answered.
func star(r *survey.Row) string {
	if len(r.Unread) > 0 && r.State != survey.Failed {
		return " *"
	}
	return ""
}

// places are the rows, which are in order, by account and Region.
func places(rows []survey.Row) (out [][]survey.Row) {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Account == rows[0].Account && rows[n].Region == rows[0].Region {
			n++
		}
		out, rows = append(out, rows[:n]), rows[n:]
	}
	return out
}

func accountName(id, alias, role string) string {
	name := "Account " + knownOr(visible(id, 20))
	switch {
	case alias != "":
		name += " (" + visible(alias, 60) + ")"
	case role != "":
		name += " (" + visible(role, 200) + ")"
	}
	return name
}

func knownOr(s string) string {
	if s == "" {
		return unknownWord
	}
	return s
}

// defaultWord is a default encryption in a word.
func defaultWord(e *survey.Encryption) string {
	if e == nil {
		return unknownWord
	}
	switch e.Algorithm {
	case "AES256":
		return "SSE-S3"
	case "aws:kms":
		return "SSE-KMS"
	case "aws:kms:dsse":
		return "DSSE"
	case "":
		return "none"
	}
	return "other"
}

// shortCount is a number of objects in 8 columns.
func shortCount(n *int64) string {
	switch {
	case n == nil:
		return unknownWord
	case *n < 1_000_000:
		return Count(*n)
	case *n < 1_000_000_000:
		return strconv.FormatFloat(float64(*n)/1e6, 'f', 1, 64) + " M"
	}
	return strconv.FormatFloat(float64(*n)/1e9, 'f', 1, 64) + " G"
}

func knownBytes(n *int64) string {
	if n == nil {
		return unknownWord
	}
	return Bytes(*n)
}

// upTo is what re-encrypting a bucket costs at most, by the dearer way.
func upTo(e *survey.Estimate) string {
	if e == nil || !e.Priced {
		return unknownWord
	}
	return Money(max(e.Update.Max, e.Copy.Max))
}

// span is an amount with its bounds.
func span(s cost.Span) string {
	if s.Min.Cents() == s.Max.Cents() {
		return Money(s.Max)
	}
	return Money(s.Min) + " to " + Money(s.Max)
}

// surveyTotals writes what is below the tables.
func surveyTotals(p *page, v *survey.Survey) {
	n := &v.Totals
	line := Plural(int64(n.Buckets), "bucket")
	for _, s := range survey.States() {
		if k := n.ByState[s]; k > 0 {
			line += fmt.Sprintf(", %d %s", k, s)
		}
	}
	p.wrapped("", line+".")
	if size := surveySize(v); n.Buckets > 0 {
		p.wrapped("", size)
	}
	for _, line := range surveyPrice(v) {
		p.wrapped("", line)
	}
	if refused := Refusals(v); len(refused) > 0 {
		p.printf("\nNot answered:\n")
		t := &table{align: "rll", wrap: []int{2}}
		for _, r := range refused {
			t.row(Plural(int64(r.Buckets), "bucket"), r.Action, r.Question)
		}
		t.write(p, indent)
		if n.Partial > 0 {
			p.wrapped("", "* Some questions were not answered; the rest of the row stands.")
		}
	}
}

func surveySize(v *survey.Survey) string {
	n := &v.Totals
	known := n.Buckets - n.Unsized
	if known <= 0 {
		return "Objects and bytes are unknown of all of them."
	}
	text := fmt.Sprintf("%s, %s", Plural(n.Objects, "object"), Bytes(n.Bytes))
	if n.Unsized > 0 {
		text += fmt.Sprintf(" in %d of them; of %d the figures are unknown", known, n.Unsized)
	}
	return text + "."
}

// surveyPrice says what it costs and how long it takes, as far as that is known.
func surveyPrice(v *survey.Survey) (lines []string) {
	n := &v.Totals
	known := n.Buckets - n.Unsized - n.Unpriced
	if known <= 0 || n.Objects == 0 {
		return nil
	}
	of := ""
	if known < n.Buckets {
		of = fmt.Sprintf(", for the %d of which objects, bytes and prices are known", known)
	}
	seconds := float64(n.Objects) / v.Rate
	return []string{
		"Re-encrypting all objects once: " + span(n.Update) + " by updates, " + span(n.Copy) + " by copies" + of + ".",
		fmt.Sprintf("At %s objects a second, one bucket after the other: %s.", Count(int64(v.Rate)), Duration(time.Duration(min(seconds, 1e9)*float64(time.Second)))),
	}
}

// Refusal is an action that was denied, or a question that failed, over all buckets.
type Refusal struct {
	Action, Question, Why string
	Buckets               int
}

// mostRefusals bounds the kinds of refusals that are told apart.
const mostRefusals = 100

// Refusals sums up what was not answered, what concerns most buckets first: the first
// mostRefusals kinds, each with all its buckets.
func Refusals(v *survey.Survey) (out []Refusal) {
	at := map[Refusal]int{}
	for i := range v.Rows {
		for _, u := range v.Rows[i].Unread {
			key := Refusal{Action: u.Action, Question: u.Question}
			if !u.Denied { // its text names bucket and request: one of them stands for all
				key = Refusal{Action: u.Operation, Question: u.Question, Why: u.Code}
			}
			j, ok := at[key]
			if !ok {
				if len(out) == mostRefusals {
					continue
				}
				j = len(out)
				at[key] = j
				out = append(out, shownRefusal(&u, key))
			}
			out[j].Buckets++
		}
	}
	slices.SortStableFunc(out, func(a, b Refusal) int { return b.Buckets - a.Buckets })
	return out
}

// shownRefusal is a kind of refusal as a page has it, of which u is the first.
func shownRefusal(u *survey.Unread, kind Refusal) Refusal {
	kind.Why = u.Why
	if u.Denied {
		return kind
	}
	kind.Question += ": "
	if u.Code != "" {
		kind.Question += visible(u.Code, 60) + ", such as "
	}
	kind.Question += visible(u.Why, 200)
	return kind
}

// WriteSurveyBucket writes all that a survey found about one bucket.
func WriteSurveyBucket(w io.Writer, r *survey.Row, rate float64) error {
	p := newPage(w)
	p.printf("%s\n", visible(r.Bucket, 255))
	t := &table{align: "ll", wrap: []int{1}}
	for _, s := range bucketFacts(r, rate) {
		t.row(s.Name, s.Value)
	}
	t.write(p, indent)
	for _, note := range r.Notes {
		p.wrapped("", note)
	}
	if len(r.Unread) > 0 {
		p.printf("\nNot answered:\n")
		for _, u := range r.Unread {
			why := visible(u.Why, 400)
			if u.Denied {
				why = "denied: " + u.Action
			}
			p.wrapped(indent, visible(u.Words(), 120)+": "+why)
		}
	}
	if len(r.Needs) > 0 {
		p.printf("\nWhat is missing to begin:\n")
		for _, n := range r.Needs {
			p.wrapped(indent, n.What)
			if n.Command != "" {
				for _, line := range terminal.Command(n.Command, p.columns-2*len(indent)) {
					p.printf("%s%s%s\n", indent, indent, line)
				}
			}
		}
	}
	return p.err
}

// bucketFacts are what is known of a bucket, in pairs.
func bucketFacts(r *survey.Row, rate float64) []shown {
	out := []shown{
		{Name: "account", Value: strings.TrimPrefix(accountName(r.Account, r.Alias, ""), "Account ")}, {Name: "Region", Value: knownOr(visible(r.Region, 40))}, {Name: "state", Value: string(r.State)},
		{Name: "default encryption", Value: defaultText(r.Encryption)}, {Name: "versioning", Value: r.Versioning}, {Name: "object lock", Value: r.ObjectLock},
		{Name: "default retention", Value: r.Retention}, {Name: "replication", Value: replicationText(r.Replication)}, {Name: "bucket policy", Value: r.Policy.Word()},
		{Name: "public by policy", Value: r.Public}, {Name: "ACLs in force", Value: r.ACLs}, {Name: "requester pays", Value: r.Requester},
		{Name: "S3 Metadata", Value: metadataText(r.Metadata)}, {Name: "inventories", Value: inventoriesText(r)}, {Name: "objects", Value: countOf(r.Objects)}, {Name: "bytes", Value: bytesText(r)},
	}
	e := r.Estimate
	if e == nil {
		return append(out, shown{Name: "price", Value: unknownWord})
	}
	price := unknownWord
	if e.Priced {
		price = span(e.Update) + " by updates, " + span(e.Copy) + " by copies"
	}
	return append(out, shown{Name: "price, once", Value: price},
		shown{Name: "KMS requests", Value: Count(e.KMS.Min) + " to " + Count(e.KMS.Max) + ", " + Rate(e.KMSRPS) + " at most"},
		shown{Name: "time", Value: Duration(e.Time) + " at " + Count(int64(rate)) + " objects a second"})
}

func countOf(n *int64) string {
	if n == nil {
		return unknownWord
	}
	return Count(*n)
}

func defaultText(e *survey.Encryption) string {
	word := defaultWord(e)
	if e == nil || e.Algorithm != "aws:kms" {
		return word
	}
	key := "the AWS managed key aws/s3"
	if e.Key != "" {
		key = visible(e.Key, 200)
	}
	if e.BucketKey {
		return word + " with a bucket key, under " + key
	}
	return word + " without a bucket key, under " + key
}

func replicationText(r *survey.Replication) string {
	switch {
	case r == nil:
		return unknownWord
	case r.Rules == 0:
		return "no"
	}
	return fmt.Sprintf("%s, %d of them for SSE-KMS", Plural(int64(r.Rules), "rule"), r.WithKMS)
}

func metadataText(m *survey.Metadata) string {
	switch {
	case m == nil:
		return unknownWord
	case !m.Configured:
		return "no"
	case m.Inventory == "":
		return "journal table only"
	}
	return "inventory table " + strings.ToLower(visible(m.Inventory, 40))
}

func inventoriesText(r *survey.Row) string {
	if r.Inventories == nil {
		return unknownWord
	}
	var all []string
	for i := range r.Inventories {
		if len(all) == 5 {
			all = append(all, fmt.Sprintf("%d more", len(r.Inventories)-i))
			break
		}
		all = append(all, inventoryText(&r.Inventories[i]))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, "; ")
}

func inventoryText(k *survey.Inventory) string {
	s := visible(k.ID, 64) + ", " + strings.ToLower(visible(k.Frequency, 20)) + " " + visible(k.Format, 20)
	if !k.Enabled {
		s += ", switched off"
	}
	if k.Prefix != "" {
		s += ", only " + visible(k.Prefix, 60)
	}
	if len(k.Missing) > 0 {
		s += ", without " + strings.Join(k.Missing, " and ")
	}
	switch {
	case !k.Newest.IsZero():
		s += ", newest report of " + Time(k.Newest)
	case k.Looked:
		s += ", no report in two months"
	}
	return s
}

func bytesText(r *survey.Row) string {
	if r.Bytes == nil {
		return unknownWord
	}
	s := Bytes(*r.Bytes)
	if len(r.Classes) == 1 && r.Classes[0].Class != inventory.Standard {
		s += " in " + className(&r.Classes[0])
	}
	if len(r.Classes) > 1 {
		var parts []string
		for _, c := range r.Classes {
			parts = append(parts, Bytes(c.Bytes)+" "+className(&c))
		}
		s += " (" + strings.Join(parts, ", ") + ")"
	}
	return s + ", as of " + r.Figures.UTC().Format("2006-01-02")
}

// className is a class, and an archive tier of it.
func className(c *survey.Class) string {
	if c.Tier == "" {
		return string(c.Class)
	}
	return string(c.Class) + " (" + c.Tier + ")"
}
