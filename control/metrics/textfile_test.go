package metrics

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"reseal/engine"
)

// ended is the file of a run that is over.
func ended(t *testing.T, e *Ended) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "reseal.prom")
	if err := WriteFile(t.Context(), name, e); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&0o044 == 0 {
		t.Errorf("the collector is another user: %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	return string(text)
}

// endedRun is a run that did something.
func endedRun() *Ended {
	r := &EndedRun{Bytes: 1 << 20, Left: 58, Failed: 2, Spent: 2_500_000_000, Priced: true}
	r.Outcomes[engine.Done], r.Outcomes[engine.Failed] = 41, 1
	return &Ended{Version: "v1", Job: "jobs/\"media\"\n\xff", At: time.Unix(1_700_000_000, 0), Took: 90 * time.Second, ExitCode: 3, Run: r}
}

func TestEndedRun(t *testing.T) {
	text := ended(t, endedRun())
	const job = `job_path="jobs/\"media\"\\n\\xff"`
	for _, want := range []string{
		`reseal_last_run_end_time_seconds{` + job + `} 1.7e+09`, `reseal_last_run_duration_seconds{` + job + `} 90`, `reseal_last_run_exit_code{` + job + `} 3`,
		`reseal_last_run_objects{` + job + `,outcome="done"} 41`, `reseal_last_run_objects{` + job + `,outcome="failed"} 1`,
		`reseal_last_run_rewritten_bytes{` + job + `} 1.048576e+06`, `reseal_last_run_job_objects_left{` + job + `} 58`,
		`reseal_last_run_job_objects_failed{` + job + `} 2`, `reseal_last_run_job_cost_dollars{` + job + `} 2.5`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	never := ended(t, &Ended{Job: "j", At: time.Unix(1, 0), ExitCode: 5})
	if !strings.Contains(never, `reseal_last_run_exit_code{job_path="j"} 5`) || strings.Contains(never, "objects") {
		t.Errorf("a run that never began:\n%s", never)
	}
	unknown := endedRun()
	unknown.Run.Left, unknown.Run.Priced = -1, false
	if text := ended(t, unknown); strings.Contains(text, "_left") || strings.Contains(text, "dollars") {
		t.Errorf("what nobody knows is said:\n%s", text)
	}
}
