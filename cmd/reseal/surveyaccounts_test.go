package main

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	questions "reseal/survey/ask"
)

// TestSurveyAssumesRoles: the roles of a file are assumed with their external ids, and the
// buckets of all accounts are in one survey, each with its account. A wrong external id
// keeps its own account out of it, and no other.
func TestSurveyAssumesRoles(t *testing.T) {
	t.Parallel()
	anywhere, onBuckets := questions.Actions()
	may, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": append(anywhere, onBuckets...), "Resource": "*"}})
	if err != nil {
		t.Fatal(err)
	}
	role := func(arn, externalID string) simaws.Role {
		return simaws.Role{ARN: arn, Policies: []json.RawMessage{may}, Trust: json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` +
			simaws.Administrator + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"` + externalID + `"}}}}`)}
	}
	const production, test = "arn:aws:iam::222233334444:role/ops/audit", "arn:aws:iam::444455556666:role/audit"
	sim := newAccount(t, simaws.Config{Seed: 1, Roles: []simaws.Role{role(production, "of-production"), role(test, "of-test")}})
	for name, owner := range map[string]string{"acme-media": "222233334444", "acme-films": "222233334444", "acme-scratch": "444455556666"} {
		in := &simulator.CreateBucketInput{Request: *sim.Request(name), Owner: owner}
		if err := sim.World.CreateBucket(time.Now(), in); err != nil {
			t.Fatal(err)
		}
		sim.World.SetStoredFigures(name, &simulator.StoredFigures{Day: time.Now().UTC().Truncate(24 * time.Hour), Objects: 10, Bytes: map[string]int64{"StandardStorage": 1 << 20}})
	}
	w := serveWorld(t, sim, "")
	roles := filepath.Join(t.TempDir(), "roles.csv")
	survey := func(idOfTest string) (code int, buckets map[string]string, messages string) {
		t.Helper()
		text := "role,external-id,alias\n" + production + ",of-production,production\n" + test + "," + idOfTest + ",test\n"
		if err := os.WriteFile(roles, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, messages := w.result("survey", "--accounts", roles, "--output", "csv")
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) == 0 {
			t.Fatalf("exit %d, %v\n%s%s", code, err, out, messages)
		}
		buckets = map[string]string{}
		for _, r := range rows[1:] { // account, alias, bucket, Region, state, default encryption
			buckets[r[2]] = r[0] + " " + r[1] + " " + r[4] + " " + r[5]
		}
		return code, buckets, messages
	}
	code, got, messages := survey("of-test")
	want := map[string]string{"acme-media": "222233334444 production no-inventory SSE-S3", "acme-films": "222233334444 production no-inventory SSE-S3",
		"acme-scratch": "444455556666 test no-inventory SSE-S3"}
	if code != exitDone || !maps.Equal(got, want) {
		t.Errorf("exit %d, %v, want %v\n%s", code, got, want, messages)
	}
	delete(want, "acme-scratch")
	want[""] = "444455556666 test not-asked " // that of the account, which has no bucket to show
	if code, got, messages = survey("of-production"); code != exitFailures || !maps.Equal(got, want) {
		t.Errorf("with the external id of another role: exit %d, %v, want %v\n%s", code, got, want, messages)
	}
}
