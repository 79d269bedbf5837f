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
	job := new(batch.Job)
	if err := decode(text, job); err != nil {
		t.Fatal(err)
	}
	return job
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

// flag returns the value of --name=value among the arguments of a container.
func flag(t *testing.T, c core.Container, name string) string {
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
	job := readJob(t)
	c := containerOf(t, job)
	shares, err := strconv.Atoi(flag(t, c, "shards"))
	if err != nil {
		t.Fatal(err)
	}
	s := job.Spec
	if job.Kind != "Job" || *s.CompletionMode != batch.IndexedCompletion || int(*s.Completions) != shares || int(*s.Parallelism) != shares {
		t.Errorf("%s %s of %d, %d at a time, for %d shares", job.Kind, *s.CompletionMode, *s.Completions, *s.Parallelism, shares)
	}
	if !slices.Contains(c.Args, "--yes") {
		t.Errorf("%q: nobody is there to be asked", c.Args)
	}
	if !strings.HasPrefix(flag(t, c, "job"), "s3://") {
		t.Error("the state of shares has to lie in a bucket")
	}
}

// lastWrites is what a run may take after its drain (docs/resume.md).
const lastWrites = 30 * time.Second

func TestGracePeriodIsAboveTheDrain(t *testing.T) {
	job := readJob(t)
	drain, err := time.ParseDuration(flag(t, containerOf(t, job), "drain-timeout"))
	if err != nil {
		t.Fatal(err)
	}
	if grace := time.Duration(*job.Spec.Template.Spec.TerminationGracePeriodSeconds) * time.Second; grace <= drain+lastWrites {
		t.Errorf("pods are killed after %v, and may need %v", grace, drain+lastWrites)
	}
}

// TestRestricted: the Pod Security Standard "restricted" lets the pods in.
func TestRestricted(t *testing.T) {
	pod := readJob(t).Spec.Template
	checks, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, r := range checks.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !r.Allowed {
			t.Errorf("%s: %s", r.ForbiddenReason, r.ForbiddenDetail)
		}
	}
	for _, c := range pod.Spec.Containers {
		if ro := c.SecurityContext.ReadOnlyRootFilesystem; ro == nil || !*ro {
			t.Errorf("container %s may write to its root", c.Name)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("container %s asks for no CPU or memory, or has no limit", c.Name)
		}
	}
}

// TestPodsAreSpreadAndLeftAlone: the constraints and annotations reach the pods.
func TestPodsAreSpreadAndLeftAlone(t *testing.T) {
	pod := readJob(t).Spec.Template
	if pod.Annotations["karpenter.sh/do-not-disrupt"] != "true" {
		t.Error("Karpenter may move the pods")
	}
	if len(pod.Spec.TopologySpreadConstraints) == 0 {
		t.Error("all pods may share a node")
	}
	for _, c := range pod.Spec.TopologySpreadConstraints {
		for name, value := range c.LabelSelector.MatchLabels {
			if pod.Labels[name] != value {
				t.Errorf("pods are spread over %s by the label %s=%s, which they lack", c.TopologyKey, name, value)
			}
		}
	}
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
