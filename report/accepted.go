package report

import (
	"slices"
	"strings"
)

// acceptance is who accepted a hazard, and when first.
type acceptance struct{ name, what, who, when string }

// hazardMeanings say what a hazard is, where a report no longer has what was found in
// the bucket. They have the names that --accept takes.
func hazardMeanings() map[string]string {
	return map[string]string{
		"acl":               "the bucket uses ACLs: a copy puts the grants back by a request of its own",
		"archived":          "archived objects are left alone: a restore comes first",
		"aws-managed-key":   "the key is the AWS managed key aws/s3: no other account can read the objects, and access cannot be limited by the key",
		"default-retention": "the bucket locks new objects by default: a copy is locked although the object was not",
		"events":            "each object that is written sets off a notification",
		"incomplete-table":  "S3 did not say that the table was filled: objects that it lacked were left alone",
		"lifecycle":         "the age that lifecycle rules go by starts over with each copy",
		"missing-columns":   "the inventory report lacks columns that decisions rest on",
		"owner":             "a copy makes the caller the owner of the object",
		"public-acl":        "objects have grants to everybody, which a copy has to repeat",
		"readers":           "somebody who reads the objects today cannot read them under SSE-KMS",
		"replication":       "objects that are written are replicated anew, and the destination pays",
		"silent-sse":        "the endpoint may answer success without encrypting",
		"unproven-endpoint": "the endpoint is not known to behave as S3 does",
		"versioned":         "copies leave the old version behind, outside the key, and storage doubles until it expires",
		"weak-conditions":   "the endpoint may ignore the condition on a copy: a write in the same moment can be lost",
	}
}

// acceptances are the hazards that runs of the job were told to accept: each once, by
// the first who did.
func (v *Run) acceptances() (out []acceptance) {
	meanings := hazardMeanings()
	for i := range v.History {
		r := &v.History[i]
		for _, name := range r.Accepted {
			if slices.ContainsFunc(out, func(a acceptance) bool { return a.name == name }) {
				continue
			}
			what := meanings[name]
			if lost, found := strings.CutPrefix(name, "drops-"); found && what == "" {
				what = "copies may lose the attribute " + visible(lost, 60)
			}
			who := r.who()
			if r.Caller != "" {
				who = r.Caller + " (" + who + ")"
			}
			out = append(out, acceptance{name, what, who, Time(r.Started)})
		}
	}
	return out
}

// acceptedSection is that as a section of a page.
func acceptedSection(v *Run) section {
	g := &grid{Prose: true, Header: columns("hazard", "what it means", "accepted by", "since the run of")}
	for _, a := range v.acceptances() {
		g.Rows = append(g.Rows, gridRow{Cells: []cell{{Text: visible(a.name, 60), Class: "head"}, text(a.what), code(visible(a.who, 300)), text(a.when)}})
	}
	s := section{Title: "Hazards accepted", Table: g}
	if len(g.Rows) == 0 && len(v.History) > 0 {
		s.Notes = []string{"None: no run of this job was told to accept a hazard."}
	}
	return s
}
