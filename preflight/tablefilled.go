package preflight

import (
	"context"
	"fmt"

	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/s3api"
)

// incompleteTable is the name of the hazard of a table that S3 does not say to be full.
const incompleteTable = "incomplete-table"

// tableActive is the status of an inventory table that has all objects. S3 fills a new one
// for minutes to hours before (Amazon S3 API Reference, InventoryTableConfigurationResult,
// read 2026-12-01).
const tableActive = "ACTIVE"

// TableSource is the source of a job, as far as it matters whether it is a table.
type TableSource struct {
	Table   *inventory.Table // that was opened; nil for a report
	URI     string           // of the manifest
	Planned *inventory.Table // of the job that is resumed; nil for a new one
	Offline bool             // nobody is asked
}

// TableFilled is what is known of whether the table of a job has all objects. The zero
// value is that of a source that is no table of S3 Tables.
type TableFilled struct {
	Bucket  string // that the rows are about
	Status  string // that S3 gave the table when the job was planned; "" where Unknown says why nobody knows
	Unknown string // "" where the status is known, or none is needed
	Denied  bool   // the caller may not ask
	err     error  // of the question
}

// LookAtTable asks, with one request, whether S3 still fills the table. Nothing is asked
// where the source is no table that was named, or where a job was made of it: its rows
// are those of the snapshot from then, whatever the status is now.
func LookAtTable(ctx context.Context, client *s3api.Client, bucket string, s TableSource) TableFilled {
	t := TableFilled{Bucket: bucket}
	if s.Table == nil {
		return t
	}
	name := s.Table.Name
	if s.Planned != nil && name == "" {
		name = s.Planned.Name
	}
	address, named, err := inventory.ParseTable(name)
	switch {
	case err != nil || !named:
		if at, err := inventory.ParseLocation(s.URI); err == nil && !at.Local() && s3api.TableStore(at.Bucket) {
			t.Unknown = "only its metadata was named, and not the table"
		}
	case s.Planned != nil:
		if t.Status = s.Planned.Status; t.Status == "" {
			t.Unknown = "it was not known when the job was planned"
		}
	case s.Offline:
		t.Unknown = "nobody was asked (--offline)"
	default:
		t.ask(ctx, client, address)
	}
	return t
}

// ask reads the metadata configuration of the bucket.
func (t *TableFilled) ask(ctx context.Context, client *s3api.Client, table inventory.TableAddress) {
	short, cancel := context.WithTimeout(ctx, LookTimeout)
	defer cancel()
	m, err := client.MetadataTables(short, t.Bucket)
	switch {
	case err != nil:
		t.Unknown, t.Denied, t.err = err.Error(), s3api.KindOf(err) == s3api.AccessDenied, err
	case m == nil:
		t.Unknown = "the bucket has no S3 Metadata configuration"
	case !m.IsInventory(table):
		t.Unknown = "it is not the live inventory table that the bucket's S3 Metadata configuration names"
	case m.Inventory == s3api.InventoryEnabled:
		t.Unknown = "the bucket's S3 Metadata configuration gives no status of it"
	default:
		t.Status = m.Inventory
	}
}

// showStatus is the command that shows the status of the table.
func (t *TableFilled) showStatus() string {
	return "aws s3api get-bucket-metadata-configuration --bucket " + shell.Word(t.Bucket)
}

// mend is what lets somebody know.
func (t *TableFilled) mend() string {
	if t.Denied {
		return "grant s3:GetBucketMetadataTableConfiguration on the bucket"
	}
	return "look: " + t.showStatus()
}

// Note says that nobody knows whether the table has all objects; "" where that is known,
// or the source is no such table.
func (t *TableFilled) Note() string {
	if t.Unknown == "" {
		return ""
	}
	return fmt.Sprintf("whether the table has all objects is not known: %s; objects that it lacks stay as they are; %s", t.Unknown, t.mend())
}

// hazards is that of a table that may lack objects.
func (t TableFilled) hazards() []Hazard {
	var why string
	switch t.Status {
	case "", tableActive:
		return nil
	case "CREATING", "BACKFILLING":
		why = "S3 still filled the table when its rows were taken"
	case "FAILED":
		why = "S3 could not create the table, or could not write to it"
	case s3api.InventoryDisabled:
		why = "S3 writes no more to the table"
	default:
		why = "S3 does not say that the table is filled"
	}
	return []Hazard{{Name: incompleteTable,
		Why: fmt.Sprintf("%s (status %.40q): objects that it lacks stay as they are, and the job ends as if nothing was left", why, t.Status),
		Mend: "make a new job once the status is " + tableActive + ": " + t.showStatus() +
			"; or take an inventory report; or accept it with run --until-clean, which lists the bucket afterwards"}}
}

// sayTable adds the row of the table, if the source is one of S3 Tables.
func (c *Checker) sayTable() {
	const name = "inventory table"
	switch {
	case c.Table.Unknown != "":
		c.Say(name, StatusUnknown, "whether it has all objects is not known: "+c.Table.Unknown, c.Table.mend())
		c.Findings[len(c.Findings)-1].Err = c.Table.err
	case c.Table.Status == tableActive:
		c.Say(name, StatusOK, tableActive+": S3 has filled it", "")
	}
}
