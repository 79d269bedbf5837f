package preflight

import (
	"strings"
	"testing"

	"reseal/inventory"
)

// A table that is not known to be full is a hazard where S3 says so, and else a note.
// Nothing is asked of a table whose name says enough, or of a job that knows.
func TestTableFilled(t *testing.T) {
	const own = "s3tables://aws-s3/b_media/inventory"
	for _, tt := range []struct {
		name   string
		table  *inventory.Table
		uri    string
		job    *inventory.Table
		status string
		note   string
		hazard string
	}{
		{name: "a report", uri: "s3://reports/manifest.json"},
		{name: "a table of one's own", table: &inventory.Table{}, uri: "s3://lake/t/metadata/1.metadata.json"},
		{name: "a copy in a folder", table: &inventory.Table{}, uri: "/t/metadata/1.metadata.json"},
		{name: "by its metadata alone", table: &inventory.Table{}, uri: "s3://0f1e--table-s3/metadata/1.metadata.json", note: "only its metadata was named"},
		{name: "resumed", table: &inventory.Table{}, job: &inventory.Table{Name: own, Status: "ACTIVE"}, status: "ACTIVE"},
		{name: "resumed, made too early", table: &inventory.Table{}, job: &inventory.Table{Name: own, Status: "BACKFILLING"}, status: "BACKFILLING", hazard: "still filled the table"},
		{name: "resumed, nobody knew", table: &inventory.Table{}, job: &inventory.Table{Name: own}, note: "when the job was planned"},
	} {
		got := LookAtTable(t.Context(), nil, "media", TableSource{Table: tt.table, URI: tt.uri, Planned: tt.job})
		if got.Status != tt.status || !strings.Contains(got.Note(), tt.note) || (got.Note() == "") != (tt.note == "") {
			t.Errorf("%s: status %q, note %q", tt.name, got.Status, got.Note())
		}
		all := got.hazards()
		if (len(all) == 1) != (tt.hazard != "") || len(all) == 1 && (all[0].Name != incompleteTable || !strings.Contains(all[0].Why, tt.hazard)) {
			t.Errorf("%s: hazards %+v, want %q", tt.name, all, tt.hazard)
		}
	}
}

// The name of the bucket is what a row of the table says, and the command is pasted.
func TestTableFilledQuotesTheBucket(t *testing.T) {
	got := LookAtTable(t.Context(), nil, "x;id", TableSource{Table: &inventory.Table{Name: "s3tables://aws-s3/b_media/inventory"}, Offline: true})
	if !strings.HasSuffix(got.Note(), "--bucket 'x;id'") || !strings.Contains(got.Note(), "--offline") {
		t.Errorf("note %q", got.Note())
	}
}

// Each status but ACTIVE is a hazard, one that nobody has heard of too.
func TestTableStatuses(t *testing.T) {
	for status, why := range map[string]string{
		"ACTIVE": "", "CREATING": "still filled", "BACKFILLING": "still filled", "FAILED": "could not", "DISABLED": "no more", "\x1b[31mNEW": `"\x1b[31mNEW"`,
	} {
		all := TableFilled{Bucket: "media", Status: status}.hazards()
		if why == "" {
			if all != nil {
				t.Errorf("%s: %+v", status, all)
			}
			continue
		}
		if len(all) != 1 || !strings.Contains(all[0].Why, why) || !strings.Contains(all[0].Mend, "aws s3api get-bucket-metadata-configuration --bucket media") {
			t.Errorf("%s: %+v, want %q", status, all, why)
		}
	}
}
