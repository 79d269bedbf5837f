package deploy

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const manifest = "../../deploy/kubernetes.yaml"

// share is the container of a share in the Job.
const share = "reseal"

// readManifest returns the text of the ServiceAccount and that of the Job.
func readManifest(t *testing.T) (account, job []byte) {
	t.Helper()
	data, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	docs := bytes.Split(data, []byte("\n---\n"))
	if len(docs) != 2 {
		t.Fatalf("%d documents, want a ServiceAccount and a Job", len(docs))
	}
	return docs[0], docs[1]
}

// decode reads YAML as kubectl and the API do with strict field validation.
func decode(text []byte, into any) error {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return err
	}
	strict, err := json.UnmarshalStrict(asJSON, into)
	return errors.Join(append(strict, err)...)
}

func readJob(t *testing.T) *batch.Job {
	t.Helper()
	_, text := readManifest(t)
	return must[batch.Job](t, text)
}

// must decodes a document that must be right.
func must[T any](t *testing.T, text []byte) *T {
	t.Helper()
	into := new(T)
	if err := decode(text, into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return into
}

// jobs are the Job of the manifest and those that the chart makes of other values.
func jobs(t *testing.T) map[string]*batch.Job {
	t.Helper()
	all := map[string]*batch.Job{"manifest": readJob(t)}
	for name, more := range map[string]string{"every value": everyValue, "64 shards": "shards: 64", "one share": "shards: 1"} {
		all[name] = must[batch.Job](t, []byte(mustRender(t, more)["job.yaml"]))
	}
	return all
}

// containerOf returns the only container of the Job's pods.
func containerOf(t *testing.T, job *batch.Job) core.Container {
	t.Helper()
	all := job.Spec.Template.Spec.Containers
	if len(all) != 1 || all[0].Name != share {
		t.Fatalf("containers %v, want %s alone", all, share)
	}
	return all[0]
}

// flagOf returns the value of --name=value among the arguments of a container.
func flagOf(t *testing.T, c core.Container, name string) string {
	t.Helper()
	for _, a := range c.Args {
		if v, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return v
		}
	}
	t.Fatalf("no --%s= in %q", name, c.Args)
	return ""
}

func TestServiceAccount(t *testing.T) {
	text, _ := readManifest(t)
	account := new(core.ServiceAccount)
	if err := decode(text, account); err != nil {
		t.Fatal(err)
	}
	job := readJob(t)
	if account.Kind != "ServiceAccount" || account.Name != job.Spec.Template.Spec.ServiceAccountName || account.Namespace != job.Namespace {
		t.Errorf("%s %s/%s is not the service account of the Job", account.Kind, account.Namespace, account.Name)
	}
	if account.Annotations["eks.amazonaws.com/role-arn"] == "" {
		t.Error("the service account has no role of AWS")
	}
}

// TestSharesFit: the Job starts as many shares as each of them is told of.
func TestSharesFit(t *testing.T) {
	for name, job := range jobs(t) {
		c := containerOf(t, job)
		shares := "1"
		if name != "one share" {
			shares = flagOf(t, c, "shards")
		}
		s := job.Spec
		if job.Kind != "Job" || *s.CompletionMode != batch.IndexedCompletion || strconv.Itoa(int(*s.Completions)) != shares || *s.Parallelism > *s.Completions {
			t.Errorf("%s: %s %s of %d, %d at a time, for %s shares", name, job.Kind, *s.CompletionMode, *s.Completions, *s.Parallelism, shares)
		}
		if !slices.Contains(c.Args, "--yes") {
			t.Errorf("%s: %q: nobody is there to be asked", name, c.Args)
		}
		if !strings.HasPrefix(flagOf(t, c, "job"), "s3://") {
			t.Errorf("%s: the state of shares has to lie in a bucket", name)
		}
	}
}

// lastWrites is what a run may take after its drain (docs/resume.md).
const lastWrites = 30 * time.Second

func TestGracePeriodIsAboveTheDrain(t *testing.T) {
	for name, job := range jobs(t) {
		drain, err := time.ParseDuration(flagOf(t, containerOf(t, job), "drain-timeout"))
		if err != nil {
			t.Fatal(err)
		}
		if grace := time.Duration(*job.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second; grace <= drain+lastWrites {
			t.Errorf("%s: pods are killed after %v, and may need %v", name, grace, drain+lastWrites)
		}
	}
}

// TestRestricted: the Pod Security Standard "restricted" lets the pods in.
func TestRestricted(t *testing.T) {
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for name, job := range jobs(t) {
		pod := job.Spec.Template
		for _, r := range checks.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
			if !r.Allowed {
				t.Errorf("%s: %s: %s", name, r.ForbiddenReason, r.ForbiddenDetail)
			}
		}
		for _, c := range pod.Spec.Containers {
			if ro := c.SecurityContext.ReadOnlyRootFilesystem; ro == nil || !*ro {
				t.Errorf("%s: container %s may write to its root", name, c.Name)
			}
			if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: container %s asks for no CPU or memory, or has no limit", name, c.Name)
			}
		}
	}
}

// TestPodsAreSpreadAndLeftAlone: the constraints and annotations reach the pods.
func TestPodsAreSpreadAndLeftAlone(t *testing.T) {
	for name, job := range jobs(t) {
		pod := job.Spec.Template
		if pod.Annotations["karpenter.sh/do-not-disrupt"] != "true" {
			t.Errorf("%s: Karpenter may move the pods", name)
		}
		if len(pod.Spec.TopologySpreadConstraints) == 0 {
			t.Errorf("%s: all pods may share a node", name)
		}
		for _, c := range pod.Spec.TopologySpreadConstraints {
			if !selects(c.LabelSelector.MatchLabels, pod.Labels) {
				t.Errorf("%s: pods are spread over %s by labels %v, and have %v", name, c.TopologyKey, c.LabelSelector.MatchLabels, pod.Labels)
			}
		}
	}
}

// selects tells whether a selector of labels takes something with these labels.
func selects(selector, labels map[string]string) bool {
	for name, value := range selector {
		if labels[name] != value {
			return false
		}
	}
	return len(selector) > 0
}

// A check that lets everything pass would prove nothing.
func TestStrictReadingFinds(t *testing.T) {
	_, text := readManifest(t)
	for _, broken := range []struct{ from, to string }{
		{"completions: 8", "completions: eight"},
		{"  podFailurePolicy:", "  podFailurePolicies:"},
		{`status: "True"`, "status: True"},
		{"backoffLimitPerIndex: 10", "backoffLimitPerIndexes: 10"},
		{"      restartPolicy: Never", "      restartPolicy: Never\n      restartPolicy: Never"},
	} {
		changed := bytes.Replace(text, []byte(broken.from), []byte(broken.to), 1)
		if bytes.Equal(text, changed) {
			t.Errorf("%s has no %q", manifest, broken.from)
		} else if decode(changed, new(batch.Job)) == nil {
			t.Errorf("%q for %q: nothing was found wrong", broken.to, broken.from)
		}
	}
}
