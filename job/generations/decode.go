package generations

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"reseal/job"
)

// FormatError is a chain document that no reseal wrote.
type FormatError struct{ Why string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s cannot be believed: %s. Nothing was read or written by it. Put it back from a copy of the job", File, e.Why)
}

func badf(format string, args ...any) error { return &FormatError{fmt.Sprintf(format, args...)} }

// decode reads a chain document of anybody.
func decode(data []byte) (*Chain, error) {
	if len(data) > maxDocument {
		return nil, badf("it has %d bytes, and %d are the most", len(data), maxDocument)
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, badf("%v", err)
	}
	if head.Version > format {
		return nil, &job.VersionError{Name: File, Version: head.Version, Known: format}
	}
	c := new(Chain)
	if err := json.Unmarshal(data, c); err != nil {
		return nil, badf("%v", err)
	}
	return c, c.check()
}

// check tells what of a chain cannot be.
func (c *Chain) check() error {
	switch {
	case c.Version != format:
		return badf("it has format %d", c.Version)
	case !isHex(c.Plan, 64):
		return badf("it names no plan")
	case len(c.Generations) > MaxGenerations:
		return badf("it has %d generations, and %d are the most", len(c.Generations), MaxGenerations)
	}
	for i := range c.Generations {
		g := &c.Generations[i]
		if g.Number != First+1+i {
			return badf("generation %d stands in the place of generation %d", g.Number, First+1+i)
		}
		if !g.Over() && i < len(c.Generations)-1 {
			return badf("generation %d did not end, and there is one after it", g.Number)
		}
		if why := g.wrong(); why != "" {
			return badf("generation %d %s", g.Number, why)
		}
	}
	return nil
}

// wrong says what of a generation cannot be, "" where all can.
func (g *Generation) wrong() string {
	switch {
	case g.Source != Listing && g.Source != Report:
		return "is made of nothing that is known"
	case g.Verdict != Open && g.Verdict != Worked && g.Verdict != Clean && g.Verdict != Left:
		return "has no verdict that is known"
	case g.Over() != !g.Ended.IsZero():
		return "has a verdict without an end, or an end without a verdict"
	case g.Over() && g.Verdict != g.Ending():
		return fmt.Sprintf("has the verdict %q, and by its numbers it is %q", g.Verdict, g.Ending())
	case g.Over() && !g.HasJob() && (g.Source != Listing || g.Rows > 0 || g.Done > 0 || g.Failed > 0 || g.PutOff > 0):
		return "had something to do, and has no plan"
	case g.Plan != "" && !isHex(g.Plan, 64):
		return "has a hash that is none"
	case g.Plan != "" && g.Manifest == "":
		return "has a plan of no report"
	case g.Manifest != "" && g.Source == Listing && !ownListing(g.Manifest):
		return "has its listing outside the job"
	case !isText(g.Manifest):
		return "has a name of a report that is none"
	case g.Attempt < 0 || min(g.Listed, g.Rows, g.New, g.Other, g.Asked.Lists, g.Asked.Heads, g.Done, g.Bytes, g.Left, g.Failed, g.PutOff) < 0 || min(g.Listing, g.Spent) < 0:
		return "counts less than nothing"
	case len(g.Writers) > MaxWriters:
		return fmt.Sprintf("names %d writers, and %d are the most", len(g.Writers), MaxWriters)
	}
	for _, w := range g.Writers {
		if w.Objects < 0 || !isText(w.Prefix) || !isText(w.Owner) {
			return "names a writer that is none"
		}
	}
	return ""
}

// ownListing tells whether a name is one of a report in the job's own folder.
func ownListing(name string) bool {
	return fs.ValidPath(name) && strings.HasPrefix(name, Listings+"/") && !strings.ContainsAny(name, `\:`)
}

func isText(s string) bool { return len(s) <= maxText && utf8.ValidString(s) }

func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}
