package console

import (
	"fmt"
	"io"

	"reseal/internal/explain"
	"reseal/report"
)

// Denial is a prefix that a run left as access is denied there.
type Denial struct {
	Prefix string
	Tried  int64
	Answer string   // the last one
	Who    []string // statements that deny it, and where they are
	Err    error    // why the policy could not be read that would tell
}

// Denials reports each prefix that is denied: one finding for all of its objects. retry is
// the command for those that failed, "" where none has.
func Denials(w io.Writer, all []Denial, retry string) {
	if len(all) == 0 {
		return
	}
	for _, d := range all {
		fmt.Fprintf(w, "denied below %q: %s tried and denied, the rest of the prefix put off\n", d.Prefix, report.Plural(d.Tried, "object"))
		fmt.Fprintf(w, "  the last answer: %s\n", d.Answer)
		for _, s := range d.Who {
			fmt.Fprintf(w, "  %s\n", s)
		}
		switch {
		case d.Err != nil:
			fmt.Fprintf(w, "  the bucket's policy cannot be read, so who denies it is not known: %s\n", explain.Words(d.Err))
		case len(d.Who) == 0:
			fmt.Fprintln(w, "  the bucket's policy does not deny it: look at the caller's own policies, the key's and the organization's")
		}
	}
	fmt.Fprintln(w, "Nothing else waits for that. Once it is mended, the same command does the rest; left as it is, nothing happens to these objects.")
	if retry != "" {
		fmt.Fprintf(w, "Those that failed before the prefix was found out: %s\n", retry)
	}
}
