package console

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/plan"
	"reseal/report"
	"reseal/selfcheck"
)

// SelfcheckDemand says what a selfcheck sends at most, and what that costs.
func SelfcheckDemand(w io.Writer, region string, d plan.Demand) {
	price := "no price is known in Region " + region
	if total, known := selfcheck.Price(region, d); known {
		price = "at most " + total.String()
	}
	fmt.Fprintf(w, "At most %s writes, %s reads and %s KMS requests: %s.\n", report.Count(d.Writes.Max), report.Count(d.Reads.Max), report.Count(d.KMS.Max), price)
}

// SelfcheckFinding prints one finding in two lines of at most 80 columns, the second
// wrapped at words.
func SelfcheckFinding(w io.Writer, f *selfcheck.Finding) {
	standing := strings.ReplaceAll(string(f.Standing), "-", " ")
	if f.Standing == selfcheck.Differs {
		standing = "DIFFERS"
	}
	fmt.Fprintf(w, "%s  %-13s  %s\n", f.Number, standing, terminal.Cut(f.Title, 60))
	if f.Standing == selfcheck.AsDocumented {
		return
	}
	for _, line := range terminal.Folded(f.Seen, 60, 60) {
		fmt.Fprintf(w, "%20s%s\n", "", line)
	}
}

// SelfcheckSum says what findings come to, which permissions were missing, and the file
// that they are in; "" for none.
func SelfcheckSum(w io.Writer, findings []selfcheck.Finding, file string) {
	counts, lacking := map[selfcheck.Standing]int64{}, map[string]int64{}
	for _, one := range findings {
		counts[one.Standing]++
		if one.Lacks != "" {
			lacking[one.Lacks]++
		}
	}
	fmt.Fprintf(w, "\n%s as documented, %s different, %s answered, %s not asked\n", report.Count(counts[selfcheck.AsDocumented]),
		report.Count(counts[selfcheck.Differs]), report.Count(counts[selfcheck.Answered]), report.Count(counts[selfcheck.NotAsked]))
	for _, permission := range slices.Sorted(maps.Keys(lacking)) {
		fmt.Fprintf(w, "Missing, or denied by a policy: %s (items not asked for that: %s)\n", permission, report.Count(lacking[permission]))
	}
	if file != "" {
		fmt.Fprintf(w, "Findings: %s. Plan with them: reseal plan ... --facts %s\n", file, shell.Quoted(file))
	}
}
