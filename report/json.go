package report

import (
	"encoding/json"
	"fmt"
	"io"

	"reseal/internal/plain"
	"reseal/plan"
)

// WritePlanJSON writes a plan as one JSON document: the same figures as
// WritePlan, unrounded.
func WritePlanJSON(w io.Writer, v *Plan) error {
	type wire Plan // without methods and with other facts
	return writeJSON(w, struct {
		Type string `json:"type"`
		*wire
		Facts map[string]string `json:"facts"`
	}{"plan", (*wire)(v), factsJSON(&v.Facts)})
}

// WriteRunJSON writes a run as one JSON document: the same figures as WriteRun,
// unrounded.
func WriteRunJSON(w io.Writer, v *Run) error {
	type wire Run
	type proof struct {
		Proof
		Result string `json:"result"`
	}
	proofs := []proof{}
	for _, p := range v.Proof {
		proofs = append(proofs, proof{p, p.Result()})
	}
	return writeJSON(w, struct {
		Type string `json:"type"`
		*wire
		Against *Against `json:"estimate_against_actual,omitempty"`
		Proof   []proof  `json:"proof"`
	}{"run", (*wire)(v), v.against(), proofs})
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(plain.JSONWriter{Out: w})
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// factsJSON writes the facts of a bucket in words, as "unknown" is one of them.
func factsJSON(f *plan.Facts) map[string]string {
	return map[string]string{
		"bucket":             f.Bucket,
		"region":             f.Region,
		"versioning":         f.Versioning.String(),
		"transitions":        f.Transitions.String(),
		"expirations":        f.Expirations.String(),
		"object_lock":        f.ObjectLock.String(),
		"acls":               f.ACLs.String(),
		"website":            f.Website.String(),
		"replication":        f.Replication.String(),
		"events":             f.Events.String(),
		"requester_pays":     f.Requester.String(),
		"default_encryption": f.DefaultEncryption,
		"default_key":        f.DefaultKey,
		"aws_endpoint":       f.AWS.String(),
		"ignores_if_match":   f.IgnoresIfMatch.String(),
	}
}
