package demo

import (
	"fmt"

	"reseal/internal/simulator/simaws"
	"reseal/report"
)

// check compares what the simulator counted with what was promised. It returns
// whether all of it was kept.
func (d *demonstration) check(before simaws.Digest) (kept bool) {
	after := d.account.Digest(bucket)
	counters := d.account.Counters()
	d.say("What the simulator counted")
	kept = true
	promise := func(ok bool, format string, args ...any) {
		mark := "✓"
		if !ok {
			mark, kept = "✗", false
		}
		fmt.Fprintf(d.text, "%s "+format+"\n", append([]any{mark}, args...)...)
	}
	var once, more int64
	for times, n := range d.account.Rewrites(bucket) {
		switch {
		case times == 1:
			once = n
		case times > 1:
			more += n
		}
	}
	promise(more == 0 && once > 0, "%s re-encrypted exactly once, none twice, across a crash", report.Plural(once, "object"))
	promise(after.Encrypted == before.Encrypted+once && after.Encrypted+after.Archived == after.Objects && after.Objects == before.Objects,
		"%s of %s now under the key; the other %s, archived, left alone, as only a restore could make them readable",
		report.Count(after.Encrypted), report.Count(after.Objects), report.Count(after.Archived))
	promise(after.Carried == before.Carried, "metadata, tags, content headers, storage class and body of all %s compared: equal", report.Plural(after.Objects, "object"))
	limit := int64(d.KMSRate)
	promise(d.fullest > 0 && d.fullest <= limit, "%s KMS requests released in the fullest second, by the commands' own count; the cap was %s", report.Count(d.fullest), report.Count(limit))
	promise(counters.Throttles["kms"] == 0, "KMS never had to throttle: production kept its half of the quota")
	fmt.Fprintf(d.text, "\n%s requests arrived in the fullest second of KMS: a busy machine or network delays some, which then arrive together with later ones.\n",
		report.Count(counters.KMS.FullestSecond))
	return kept
}
