package console

import (
	"fmt"
	"io"

	"reseal/internal/explain"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// WithHints adds to each row without a remedy what helps against its error, and says
// errors as a person would.
func WithHints(rows []preflight.Finding) {
	for i := range rows {
		r := &rows[i]
		r.Why = s3api.PlainText(r.Why)
		if r.Mend == "" && r.Err != nil {
			r.Mend = explain.Hint(r.Err)
		}
	}
}

// RunChecks says what the start of a run found: how many rows of each status, and each
// that is not as it should be. It returns the first that no run gets past, nil for none.
// What no run has to do with is left out.
func RunChecks(w io.Writer, found []preflight.Finding) (stop *preflight.Finding, err error) {
	var counted, rows []preflight.Finding
	for _, row := range found {
		if row.Name == "SSE-C" {
			continue
		}
		counted = append(counted, row)
		if row.Status != preflight.StatusOK {
			rows = append(rows, row)
		}
	}
	n := preflight.Conclude(counted).Rows
	fmt.Fprintf(w, "preflight: %d ok, %s, %s, %s, %d unknown; reseal preflight shows all\n", n[preflight.StatusOK],
		report.Plural(n[preflight.StatusWarning], "warning"), report.Plural(n[preflight.StatusHazard], "hazard"), report.Plural(n[preflight.StatusStop], "stop"), n[preflight.StatusUnknown])
	if err := CheckRows(w, rows); err != nil {
		return nil, fmt.Errorf("print preflight: %w", err)
	}
	for i := range rows {
		if rows[i].Status == preflight.StatusStop {
			return &rows[i], nil
		}
	}
	return nil, nil
}

// CheckDocument is a preflight as a program reads it.
type CheckDocument struct {
	Bucket string              `json:"bucket"`
	Key    string              `json:"kms_key_id"`
	Begins string              `json:"run_begins"`    // yes, no or unknown
	Needed []string            `json:"accept_needed"` // what --accept still has to name
	Checks []preflight.Finding `json:"checks"`
}

// NewCheckDocument is the document of a preflight for a run with these options.
func NewCheckDocument(o *plan.Options, found []preflight.Finding) *CheckDocument {
	end := preflight.Conclude(found)
	begins := "no"
	switch {
	case !end.Refused():
		begins = "yes"
	case end.Hidden() && !end.Stopped():
		begins = "unknown"
	}
	return &CheckDocument{o.Bucket, o.KMSKeyID, begins, append([]string{}, end.Needed...), found}
}
