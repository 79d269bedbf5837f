package deploy

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
)

// What happens to a share after an exit, in the words of docs/shards.md.
const (
	done       = "done"
	again      = "again"
	notCounted = "again, not counted"
	shareEnds  = "share ends"
	allEnd     = "all end"
	ends       = "ends" // of a child job of AWS Batch
	otherExit  = -1     // "any other"
)

// TestPolicyFollowsTheTable: each exit of docs/scripting.md stands in the table of
// docs/shards.md, and the Job does after each of 0 to 255 what that table says.
func TestPolicyFollowsTheTable(t *testing.T) {
	want := exitTable(t, 1)
	for _, code := range documentedExits(t) {
		if _, ok := want[code]; !ok {
			t.Errorf("exit code %d of docs/scripting.md is not in the table of docs/shards.md", code)
		}
	}
	job := readJob(t)
	for code := range 256 {
		says, ok := want[code]
		if !ok {
			says = want[otherExit]
		}
		if does := afterExit(job, code); does != says {
			t.Errorf("exit code %d: the Job does %q, docs/shards.md says %q", code, does, says)
		}
	}
}

// TestDisruptionsDoNotCount: a pod that was evicted takes none of the share's starts.
func TestDisruptionsDoNotCount(t *testing.T) {
	if !slices.ContainsFunc(readJob(t).Spec.PodFailurePolicy.Rules, func(r batch.PodFailurePolicyRule) bool {
		return r.Action == batch.PodFailurePolicyActionIgnore && slices.ContainsFunc(r.OnPodConditions, func(c batch.PodFailurePolicyOnPodConditionsPattern) bool {
			return c.Type == core.DisruptionTarget && c.Status == core.ConditionTrue
		})
	}) {
		t.Error("no rule ignores disruptions")
	}
}

// TestPolicyIsValid: what the API refuses beyond the form of the fields (Kubernetes
// API reference v1.34, batch/v1 JobSpec, as of 2026-11).
func TestPolicyIsValid(t *testing.T) {
	s := readJob(t).Spec
	if s.BackoffLimitPerIndex == nil || *s.BackoffLimitPerIndex < 1 {
		t.Error("FailIndex needs backoffLimitPerIndex, and a share more than one start")
	}
	if s.BackoffLimit != nil {
		t.Error("backoffLimit ends all shares once that many pods have failed")
	}
	if s.Template.Spec.RestartPolicy != core.RestartPolicyNever {
		t.Error("a policy for failed pods needs restartPolicy Never")
	}
	if p := s.PodReplacementPolicy; p == nil || *p != batch.Failed {
		t.Error("a policy for failed pods needs podReplacementPolicy Failed")
	}
	for i, r := range s.PodFailurePolicy.Rules {
		if (r.OnExitCodes == nil) == (len(r.OnPodConditions) == 0) {
			t.Errorf("rule %d: want exit codes or conditions of the pod", i)
		}
		if r.OnExitCodes != nil && (!slices.IsSorted(r.OnExitCodes.Values) || *r.OnExitCodes.ContainerName != share) {
			t.Errorf("rule %d: want sorted exit codes of container %s", i, share)
		}
	}
}

// afterExit says what the Job does after an exit: the first rule that matches counts,
// and without one the exit is a failure of the share.
func afterExit(job *batch.Job, code int) string {
	if code == 0 {
		return done
	}
	for _, r := range job.Spec.PodFailurePolicy.Rules {
		on := r.OnExitCodes
		if on == nil || slices.Contains(on.Values, int32(code)) != (on.Operator == batch.PodFailurePolicyOnExitCodesOpIn) {
			continue
		}
		switch r.Action {
		case batch.PodFailurePolicyActionFailJob:
			return allEnd
		case batch.PodFailurePolicyActionFailIndex:
			return shareEnds
		case batch.PodFailurePolicyActionIgnore:
			return notCounted
		}
		return again
	}
	return again
}

var tableRow = regexp.MustCompile(`(?m)^\| ([0-9, ]+|any other) \|([^|]*)\|([^|]*)\|`)

// rows returns the first three columns of the table of exits below a heading.
func rows(t *testing.T, file, heading string) [][3]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(data), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no %q", file, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var all [][3]string
	for _, m := range tableRow.FindAllStringSubmatch(section, -1) {
		all = append(all, [3]string{m[1], strings.TrimSpace(m[2]), strings.TrimSpace(m[3])})
	}
	if len(all) < 8 {
		t.Fatalf("%s: %d rows below %q, want the table of exits", file, len(all), heading)
	}
	return all
}

func codes(t *testing.T, cell string) (all []int) {
	t.Helper()
	if cell == "any other" {
		return []int{otherExit}
	}
	for _, f := range strings.Split(cell, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// documentedExits are those of docs/scripting.md.
func documentedExits(t *testing.T) (all []int) {
	t.Helper()
	for _, r := range rows(t, "../../docs/scripting.md", "## Exit codes") {
		all = append(all, codes(t, r[0])...)
	}
	return all
}

// exitTable is what docs/shards.md says: of Kubernetes in column 1, of AWS Batch in 2.
func exitTable(t *testing.T, column int) map[int]string {
	t.Helper()
	table := map[int]string{}
	for _, r := range rows(t, "../../docs/shards.md", "## What an exit does to a share") {
		for _, c := range codes(t, r[0]) {
			table[c] = r[column]
		}
	}
	return table
}
