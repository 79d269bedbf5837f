package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/preflight"
)

// rowOfChecks is a row of the table that a run prints before it begins.
var rowOfChecks = regexp.MustCompile(`(?m)^(ok|hazard|warning|stop|unknown) +(\S+(?: \S+)*?)  +(\S.*)$`)

// requestID differs from one request to the next.
var requestID = regexp.MustCompile(`request id \w+`)

// What a preflight says of a bucket, a run says too: the same names, with the same
// status and in the same words, and what stops one stops the other.
func TestPreflightAndRunAgree(t *testing.T) {
	users := []simaws.User{
		{Name: "nobody", AccessKeyId: "NOBODY", SecretAccessKey: "s"},
		{Name: "keyless", AccessKeyId: "KEYLESS", SecretAccessKey: "s", Policies: []json.RawMessage{
			json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:DescribeKey","kms:GetKeyPolicy","kms:ListGrants","iam:*","sts:*","servicequotas:*"],"Resource":"*"}]}`)}},
	}
	const accepted = "--accept weak-conditions --accept drops-expires"
	for _, c := range []struct {
		name, user, more string // more is on both command lines
		accept           string
		code, run        int // exit codes; of hazards a preflight tells, and a run refuses them
	}{
		{name: "fine", accept: accepted},
		{name: "hazard", run: exitRefused},
		{name: "key that the canary tells of", user: "KEYLESS", accept: accepted, run: exitFailures},
		{name: "nothing readable", user: "NOBODY", accept: accepted, code: exitRefused, run: exitRefused},
		{name: "other Region", more: "--region eu-west-1", accept: accepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			sim, manifest := newPopulated(t, simaws.Config{Seed: 1, Users: users}, simulator.Population{N: 3, Seed: 1, Plain: true}, simaws.Report{Folder: t.TempDir()})
			t.Cleanup(startServing(sim))
			env, err := sim.Environment(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			setEnvironment(t, append(simaws.CleanEnvironment(nil), env...))
			if c.user != "" {
				t.Setenv("AWS_ACCESS_KEY_ID", c.user)
				t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			}
			t.Setenv("AWS_MAX_ATTEMPTS", "1")
			t.Chdir(t.TempDir())
			if c.user == "NOBODY" {
				manifest = writeList(t)
			}
			code, table, said := typed(t, "preflight --json --bucket "+scriptBucket+" --sse-kms-key-id "+simaws.Key+" "+c.more)
			run, _, messages := typed(t, "run --yes --job job --manifest "+manifest+" --sse-kms-key-id "+simaws.Key+" "+c.accept+" "+c.more)
			if code != c.code || run != c.run {
				t.Errorf("exit %d and %d, want %d and %d\n%s%s", code, run, c.code, c.run, said, messages)
			}
			if table == "" { // neither got as far as to look
				if first(said) == "" || first(said) != first(messages) {
					t.Errorf("preflight: %s\nrun: %s", first(said), first(messages))
				}
				return
			}
			agree(t, table, messages)
		})
	}
}

// typed is a command line in this process.
func typed(t *testing.T, line string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &messages}
	code = p.run(t.Context(), strings.Fields(line))
	return code, out.String(), messages.String()
}

// first is the first line of an error.
func first(said string) string {
	_, rest, _ := strings.Cut("\n"+said, "\nreseal: ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// agree holds each row that a run printed against the table of a preflight.
func agree(t *testing.T, table, messages string) {
	t.Helper()
	table, messages = requestID.ReplaceAllString(table, "ID"), requestID.ReplaceAllString(messages, "ID")
	var doc struct {
		Checks []preflight.Finding `json:"checks"`
	}
	if err := json.Unmarshal([]byte(table), &doc); err != nil {
		t.Fatal(err)
	}
	rows := rowOfChecks.FindAllStringSubmatch(messages, -1)
	if len(rows) == 0 {
		t.Errorf("the run printed no row\n%s", messages)
	}
	if hit := noise.FindString(requestID.ReplaceAllString(table, "ID")); hit != "" && hit != `""` {
		t.Errorf("the table has %q: %s", hit, table)
	}
	for _, row := range rows {
		found := false
		for _, f := range doc.Checks {
			found = found || f.Name == row[2] && string(f.Status) == row[1] && f.Why == strings.TrimSuffix(row[3], " (accepted)")
		}
		if !found {
			t.Errorf("the run says %q, the preflight does not:\n%s", row[0], table)
		}
	}
	for _, f := range doc.Checks {
		said := strings.Contains(messages, f.Why)
		if (f.Status == preflight.StatusStop || f.Status == preflight.StatusHazard) && !said {
			t.Errorf("the preflight says %s %s: %s, the run does not:\n%s", f.Status, f.Name, f.Why, messages)
		}
	}
}

// writeList writes a list of one object, which needs no permission to be read.
func writeList(t *testing.T) string {
	t.Helper()
	if err := os.WriteFile("list.csv", []byte(scriptBucket+",key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "list.csv"
}
