package deploy

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

const (
	chartFolder  = "../../deploy/chart/reseal"
	placeholders = chartFolder + "/ci/placeholder-values.yaml"
)

var update = flag.Bool("update", false, "write deploy/kubernetes.yaml from the chart")

// values are the placeholders with more values on top, as --values and --set give them.
func values(t *testing.T, more string) map[string]any {
	t.Helper()
	base, err := common.ReadValuesFile(placeholders)
	if err != nil {
		t.Fatal(err)
	}
	top, err := common.ReadValues([]byte(more))
	if err != nil {
		t.Fatal(err)
	}
	return loader.MergeMaps(base, top)
}

// render is `helm template reseal deploy/chart/reseal --namespace default`: the schema,
// then the templates, by the name of their file. Those that are empty are left out.
func render(values map[string]any) (map[string]string, error) {
	return renderAs("reseal", values)
}

// renderAs is render for a release of another name.
func renderAs(release string, values map[string]any) (map[string]string, error) {
	chart, err := loader.LoadDir(chartFolder)
	if err != nil {
		return nil, err
	}
	all, err := util.ToRenderValues(chart, values, common.ReleaseOptions{Name: release, Namespace: "default", Revision: 1, IsInstall: true}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(chart, all)
	if err != nil {
		return nil, err
	}
	short := map[string]string{}
	for name, text := range files {
		if strings.TrimSpace(text) != "" {
			short[filepath.Base(name)] = text
		}
	}
	return short, nil
}

func mustRender(t *testing.T, more string) map[string]string {
	t.Helper()
	files, err := render(values(t, more))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const manifestHead = `# reseal as a Kubernetes Indexed Job: eight pods, each with its share of one job
# whose state lies in a bucket. docs/kubernetes.md says what to replace and why.
# Kubernetes 1.33 or later, where backoffLimitPerIndex and FailIndex are stable.
#
#   reseal plan --manifest ... --sse-kms-key-id ... --job s3://STATE-BUCKET/PREFIX   # once, from anywhere
#   kubectl apply -f deploy/kubernetes.yaml
#   reseal status --job s3://STATE-BUCKET/PREFIX
#
# Made from deploy/chart/reseal by ` + "`make chart`" + `: change it there.
`

// TestManifestIsTheChart: deploy/kubernetes.yaml is what the chart makes of placeholders.
func TestManifestIsTheChart(t *testing.T) {
	files := mustRender(t, "")
	made := manifestHead + files["serviceaccount.yaml"] + "---\n" + files["job.yaml"]
	if *update {
		if err := os.WriteFile(manifest, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, []byte(made)) {
		t.Errorf("%s is not what the chart makes: change the chart, then `make chart`", manifest)
	}
	if others := slices.Sorted(maps.Keys(files)); !slices.Equal(others, []string{"NOTES.txt", "job.yaml", "serviceaccount.yaml"}) {
		t.Errorf("the chart makes %q of placeholders", others)
	}
}

// recorded is what the chart makes of everyValue; tools/k8s reads it by the types of
// another version of Kubernetes.
const recorded = "testdata/every-value.yaml"

func TestEveryValueIsRecorded(t *testing.T) {
	files := mustRender(t, everyValue)
	var docs []string
	for _, name := range []string{"serviceaccount.yaml", "job.yaml", "networkpolicy.yaml", "podmonitor.yaml"} {
		docs = append(docs, files[name])
	}
	made := strings.Join(docs, "---\n")
	if *update {
		if err := os.WriteFile(recorded, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != made {
		t.Errorf("%s is not what the chart makes: look at the difference, then `make chart`", recorded)
	}
}

// everyValue sets each value to something else than its default.
const everyValue = `
shards: 3
parallelism: 2
retries: 4
suspend: true
accept: [versioned, acl]
options: {kms-share: 25%, max-cost: 1000000, bucket-key-enabled: false, prefix: [logs/, "a $(HOME) \"b\"/"]}
drainSeconds: 200
image: {repository: registry.example.com/team/reseal, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", pullPolicy: Always, pullSecrets: [pull]}
serviceAccount: {name: batch, roleArn: "", annotations: {owner: "12"}}
resources: {requests: {cpu: 2, memory: 1Gi}, limits: {memory: 2Gi}}
scratch: 8Gi
metrics: {enabled: true, port: 9400, podMonitor: {enabled: true, interval: 1m, labels: {release: prometheus}}}
networkPolicy: {enabled: true, egress: [{ports: [{protocol: TCP, port: 3128}]}]}
podAnnotations: {karpenter.sh/do-not-disrupt: "true", note: "yes"}
podLabels: {team: storage}
extraEnv:
  - {name: HTTPS_PROXY, value: "http://proxy.example.com:3128"}
  - {name: RESEAL_NOTIFY_URL, valueFrom: {secretKeyRef: {name: notify, key: url}}}
priorityClassName: low
nodeSelector: {kubernetes.io/arch: arm64}
tolerations: [{key: spot, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: In, values: [batch]}]}]}}}
ttlSecondsAfterFinished: 1000000
`

// TestChartIsLinted: `helm lint --strict` has nothing to say, apart from a picture.
func TestChartIsLinted(t *testing.T) {
	for name, more := range map[string]string{"placeholders": "", "every value": everyValue, "one share": "shards: 1"} {
		for _, m := range lint.RunAll(chartFolder, values(t, more), "default").Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
}

// TestChartNeedsWhatHasNoDefault: an installation without values says what is missing.
func TestChartNeedsWhatHasNoDefault(t *testing.T) {
	_, err := render(nil)
	for _, name := range []string{"manifest", "sseKmsKeyId", "job", "region"} {
		if err == nil || !strings.Contains(err.Error(), "'"+name+"'") {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestChartRefuses: values that cannot work, or that would become something else than
// a value, are refused before anything is made.
func TestChartRefuses(t *testing.T) {
	for _, bad := range []string{
		"shard: 8",      // misspelt
		"shards: eight", // another kind
		"shards: 0",     // no share
		"shards: 2.5",
		"shards: 10001",
		"{shards: 2, parallelism: 3}",
		"retries: -1",
		"drainSeconds: 0",
		"region: EU",
		"job: /var/lib/job",           // a folder: each pod would have its own
		"job: s3://b",                 // no bucket name
		"job: \"s3://state/a\\nb\"",   // another line
		"manifest: \"https://e.com\"", // no bucket
		"sseKmsKeyId: 1234abcd-12ab-34cd-56ef-1234567890ab",
		`sseKmsKeyId: "arn:aws:kms:eu-west-1:111122223333:key/1\n        - --endpoint-url=http://evil"`,
		`accept: ["versioned,acl"]`,
		"accept: versioned",
		"options: {limit: 10}", // each stop would use up a start
		"options: {window-exit: true}",
		"options: {shards: 4}", // the chart says it
		"options: {job: s3://other/place}",
		"options: {Max-Cost: 3}",
		`options: {"x y": 3}`,
		"options: {max-cost: 1.5}", // a float would be written as one: quote it
		`options: {prefix: []}`,
		`options: {prefix: "a\nb"}`,
		`image: {repository: "reseal\" evil: \"x"}`,
		"image: {tag: ':x'}",
		"image: {digest: abc}",
		"image: {pullPolicy: Sometimes}",
		"serviceAccount: {roleArn: reseal}",
		"serviceAccount: {create: false, name: batch}", // the role would go nowhere
		"serviceAccount: {create: false, roleArn: ''}", // whose?
		`serviceAccount: {name: "a: b"}`,
		"resources: {limits: {memory: lots}}",
		"resources: {limits: null}",
		"scratch: 4 GB",
		"metrics: {port: 80}", // not as another user than root
		"metrics: {podMonitor: {enabled: true}}",
		"podAnnotations: {a: 1}",
		"podLabels: {app.kubernetes.io/name: other}",
		"extraEnv: [{name: RESEAL_ACCEPT, value: all}]",
		"extraEnv: [{name: 'A B', value: x}]",
		"securityContext: {privileged: true}",
	} {
		if files, err := render(values(t, bad)); err == nil {
			t.Errorf("%s was taken:\n%s", bad, files["job.yaml"])
		}
	}
}

// TestNamesAreText: a name of digits, or one that YAML reads as something else, stays a
// text wherever it stands.
func TestNamesAreText(t *testing.T) {
	for _, name := range []string{"20261130", "1e3", "no", "null", "true"} {
		more := `{serviceAccount: {name: "` + name + `"}, priorityClassName: "` + name + `", networkPolicy: {enabled: true},
			metrics: {enabled: true, podMonitor: {enabled: true}}, image: {pullSecrets: ["` + name + `"]}}`
		files, err := renderAs(name, values(t, more))
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range files {
			var made struct {
				Metadata struct {
					Name   any            `json:"name"`
					Labels map[string]any `json:"labels"`
				} `json:"metadata"`
				Spec struct {
					Template struct {
						Spec struct {
							Account  any              `json:"serviceAccountName"`
							Priority any              `json:"priorityClassName"`
							Secrets  []map[string]any `json:"imagePullSecrets"`
						} `json:"spec"`
					} `json:"template"`
				} `json:"spec"`
			}
			if file == "NOTES.txt" {
				continue
			}
			if err := yaml.Unmarshal([]byte(text), &made); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			seen := []any{made.Metadata.Name, made.Metadata.Labels["app.kubernetes.io/instance"]}
			if file == "job.yaml" {
				pod := made.Spec.Template.Spec
				seen = append(seen, pod.Account, pod.Priority, pod.Secrets[0]["name"])
			}
			for _, got := range seen {
				if got != name {
					t.Errorf("release %q, %s: %#v instead of a text", name, file, got)
				}
			}
		}
	}
}

// TestDollarsStay: Kubernetes makes $ of $$ in an argument, and replaces $(NAME). What is
// left is the value.
func TestDollarsStay(t *testing.T) {
	single := regexp.MustCompile(`(^|[^$])(\$\$)*\$([^$]|$)`)
	for _, prefix := range []string{"a$/", "a$$/b", "$(AWS_REGION)/", "x$$(AWS_REGION)", "$"} {
		job := must[batch.Job](t, []byte(mustRender(t, `options: {prefix: '`+prefix+`'}`)["job.yaml"]))
		args := job.Spec.Template.Spec.Containers[0].Args
		got := args[len(args)-1]
		if single.MatchString(got) || strings.ReplaceAll(got, "$$", "$") != "--prefix="+prefix {
			t.Errorf("prefix %q is the argument %q", prefix, got)
		}
	}
}
