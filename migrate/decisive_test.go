package migrate

import (
	"reflect"
	"testing"

	"reseal/inventory"
	"reseal/job"
)

// A row of a job has nothing of the columns that a survey does not read.
func TestWhatASurveyReadsIsAllThatAJobHas(t *testing.T) {
	r := inventory.Record{ACL: "acl", Owner: "owner", ReplicationStatus: "COMPLETED", EventHoldDuration: "1 day"}
	if got, want := job.RowOf(&r), job.RowOf(&inventory.Record{}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	left := inventory.AllColumns.Without(decisive())
	if want := inventory.ColumnsOf(inventory.ColACL, inventory.ColOwner, inventory.ColReplicationStatus, inventory.ColEventHoldDuration); left != want {
		t.Errorf("it leaves %v, want %v", left.Names(), want.Names())
	}
}
