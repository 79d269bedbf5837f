package deploy

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// TestEveryValueArrives: what each value says stands where Kubernetes reads it. The
// documents are read strictly.
func TestEveryValueArrives(t *testing.T) {
	files := mustRender(t, everyValue)
	account := must[core.ServiceAccount](t, []byte(files["serviceaccount.yaml"]))
	job := must[batch.Job](t, []byte(files["job.yaml"]))
	pod, c := job.Spec.Template, containerOf(t, job)
	for what, pair := range map[string][2]any{
		"account":          {account.Name, "batch"},
		"annotations":      {account.Annotations, map[string]string{"owner": "12"}},
		"parallelism":      {*job.Spec.Parallelism, int32(2)},
		"retries":          {*job.Spec.BackoffLimitPerIndex, int32(4)},
		"suspend":          {*job.Spec.Suspend, true},
		"ttl":              {*job.Spec.TTLSecondsAfterFinished, int32(1000000)},
		"image":            {c.Image, "registry.example.com/team/reseal@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		"pull policy":      {c.ImagePullPolicy, core.PullAlways},
		"pull secrets":     {pod.Spec.ImagePullSecrets, []core.LocalObjectReference{{Name: "pull"}}},
		"scratch":          {pod.Spec.Volumes[0].EmptyDir.SizeLimit.String(), "8Gi"},
		"CPU":              {c.Resources.Requests.Cpu().String(), "2"},
		"memory":           {c.Resources.Limits.Memory().String(), "2Gi"},
		"grace period":     {*pod.Spec.TerminationGracePeriodSeconds, int64(260)},
		"priority":         {pod.Spec.PriorityClassName, "low"},
		"node selector":    {pod.Spec.NodeSelector, map[string]string{"kubernetes.io/arch": "arm64"}},
		"tolerations":      {pod.Spec.Tolerations, []core.Toleration{{Key: "spot", Operator: core.TolerationOpExists}}},
		"affinity":         {pod.Spec.Affinity.NodeAffinity != nil, true},
		"pod label":        {pod.Labels["team"], "storage"},
		"pod annotation":   {pod.Annotations["note"], "yes"},
		"port":             {c.Ports, []core.ContainerPort{{Name: "metrics", ContainerPort: 9400}}},
		"known jobs":       {variable(c, "RESEAL_KNOWN_JOBS"), "off"},
		"health":           {c.LivenessProbe.HTTPGet.Path + " " + c.StartupProbe.HTTPGet.Port.String(), "/healthz metrics"},
		"accepted hazards": {variable(c, "RESEAL_ACCEPT"), "versioned,acl"},
		"Region":           {variable(c, "AWS_REGION"), "eu-west-1"},
		"proxy":            {variable(c, "HTTPS_PROXY"), "http://proxy.example.com:3128"},
		"secret":           {c.Env[len(c.Env)-1].ValueFrom.SecretKeyRef.Key, "url"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %v, want %v", what, pair[0], pair[1])
		}
	}
	// Kubernetes makes $( of $$(; without that it would put a variable there.
	want := []string{"--metrics=0.0.0.0:9400", "--bucket-key-enabled=false", "--kms-share=25%", "--max-cost=1000000", "--prefix=logs/", `--prefix=a $$(HOME) "b"/`}
	if !slices.Equal(c.Args[len(c.Args)-len(want):], want) {
		t.Errorf("arguments %q, want them to end in %q", c.Args, want)
	}
}

func variable(c core.Container, name string) string {
	i := slices.IndexFunc(c.Env, func(v core.EnvVar) bool { return v.Name == name })
	if i < 0 {
		return ""
	}
	return c.Env[i].Value
}

// TestMonitorAndPolicySelectThePods: both are about the pods of this release, and the
// port is one that the container has.
func TestMonitorAndPolicySelectThePods(t *testing.T) {
	files := mustRender(t, everyValue)
	job := must[batch.Job](t, []byte(files["job.yaml"]))
	pod, port := job.Spec.Template, containerOf(t, job).Ports[0]
	monitor := must[monitoring.PodMonitor](t, []byte(files["podmonitor.yaml"]))
	if !selects(monitor.Spec.Selector.MatchLabels, pod.Labels) || monitor.Labels["release"] != "prometheus" {
		t.Errorf("the monitor has labels %v and selects %v, pods have %v", monitor.Labels, monitor.Spec.Selector.MatchLabels, pod.Labels)
	}
	if e := monitor.Spec.PodMetricsEndpoints; len(e) != 1 || e[0].Port == nil || *e[0].Port != port.Name || e[0].Interval != "1m" {
		t.Errorf("the monitor asks %+v, the port is %s", e, port.Name)
	}
	rules := must[networking.NetworkPolicy](t, []byte(files["networkpolicy.yaml"]))
	if !selects(rules.Spec.PodSelector.MatchLabels, pod.Labels) {
		t.Errorf("the network policy selects %v, pods have %v", rules.Spec.PodSelector.MatchLabels, pod.Labels)
	}
	var in, out []int
	for _, r := range rules.Spec.Ingress {
		for _, p := range r.Ports {
			in = append(in, p.Port.IntValue())
		}
	}
	for _, r := range rules.Spec.Egress {
		for _, p := range r.Ports {
			out = append(out, p.Port.IntValue())
		}
	}
	if !slices.Equal(in, []int{int(port.ContainerPort)}) || !slices.Equal(out, []int{53, 53, 443, 80, 3128}) || len(rules.Spec.PolicyTypes) != 2 {
		t.Errorf("ports %v are let in and %v out, of %v", in, out, rules.Spec.PolicyTypes)
	}
}

// TestNothingIsLetInWithoutMetrics: an empty list of rules closes, a missing one with
// the type Ingress does, too.
func TestNothingIsLetInWithoutMetrics(t *testing.T) {
	rules := must[networking.NetworkPolicy](t, []byte(mustRender(t, "networkPolicy: {enabled: true}")["networkpolicy.yaml"]))
	if len(rules.Spec.Ingress) != 0 || !slices.Contains(rules.Spec.PolicyTypes, networking.PolicyTypeIngress) {
		t.Errorf("%v are let in, of %v", rules.Spec.Ingress, rules.Spec.PolicyTypes)
	}
}

// TestNotesNameTheJob: the notes have commands for this release.
func TestNotesNameTheJob(t *testing.T) {
	for more, wants := range map[string][]string{
		"":         {"8 share(s)", "reseal status s3://STATE-BUCKET/PREFIX", "kubectl logs -n default job/reseal", `{"spec":{"suspend":true}}`},
		everyValue: {"is suspended", "--service-account batch"},
	} {
		notes := mustRender(t, more)["NOTES.txt"]
		for _, want := range wants {
			if !strings.Contains(notes, want) {
				t.Errorf("the notes lack %q:\n%s", want, notes)
			}
		}
	}
}
