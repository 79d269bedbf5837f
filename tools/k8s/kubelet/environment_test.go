package main

import (
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// onBinding sends the bindings that a client is asked for.
func onBinding(client kubernetes.Interface, bound chan<- *core.Binding) {
	client.(*fake.Clientset).PrependReactor("create", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		b, ok := a.(clienttesting.CreateAction).GetObject().(*core.Binding)
		if ok {
			bound <- b
		}
		return ok, nil, nil
	})
}

func TestExpand(t *testing.T) {
	v := variables{"A": "1", "B": "$(A)"}
	for text, want := range map[string]string{
		"":               "",
		"$(A)":           "1",
		"x$(A)y$(A)":     "x1y1",
		"$(B)":           "$(A)", // once
		"$(C)":           "$(C)",
		"$$(A)":          "$(A)",
		"$$$(A)":         "$1",
		"$$":             "$",
		"$":              "$",
		"$A":             "$A",
		"$(A":            "$(A",
		"$($(A))":        "$(1)",
		"a $$(HOME) $$b": "a $(HOME) $b",
	} {
		if got := v.expand(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// A container sees its own variables and nothing of this machine's, in a folder of its own.
func TestEnvironmentOfAContainer(t *testing.T) {
	t.Setenv("OF_THIS_MACHINE", "1")
	c := newCluster(t)
	p := shell("env", "env; echo 'says $(INDEX) $$(INDEX)'")
	p.Annotations = map[string]string{"batch.kubernetes.io/job-completion-index": "5"}
	p.Labels = map[string]string{"team": "storage"}
	p.Spec.ServiceAccountName = "batch"
	ref := func(path string) *core.EnvVarSource {
		return &core.EnvVarSource{FieldRef: &core.ObjectFieldSelector{FieldPath: path}}
	}
	p.Spec.Volumes = []core.Volume{{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}}}
	p.Spec.Containers[0].VolumeMounts = []core.VolumeMount{{Name: "tmp", MountPath: "/tmp"}}
	p.Spec.Containers[0].Env = []core.EnvVar{
		{Name: "INDEX", ValueFrom: ref("metadata.annotations['batch.kubernetes.io/job-completion-index']")},
		{Name: "TEAM", ValueFrom: ref("metadata.labels['team']")},
		{Name: "NAME", ValueFrom: ref("metadata.name")},
		{Name: "SPACE", ValueFrom: ref("metadata.namespace")},
		{Name: "UID_OF_IT", ValueFrom: ref("metadata.uid")},
		{Name: "NODE", ValueFrom: ref("spec.nodeName")},
		{Name: "ACCOUNT", ValueFrom: ref("spec.serviceAccountName")},
		{Name: "ADDRESS", ValueFrom: ref("status.podIP")},
		{Name: "TWO", Value: "$(INDEX)-$(LATER)"},
		{Name: "LATER", Value: "x"},
	}
	c.create(p)
	c.wait("env", core.PodSucceeded)
	lines := strings.Split(strings.TrimSpace(c.printed("env")), "\n")
	has := map[string]bool{}
	for _, line := range lines {
		has[line] = true
	}
	for _, want := range []string{
		"INDEX=5", "TEAM=storage", "NAME=env", "SPACE=default", "UID_OF_IT=env-uid", "NODE=local", "ACCOUNT=batch", "ADDRESS=127.0.0.1",
		"TWO=5-$(LATER)", "says 5 $(INDEX)",
		"TMPDIR=" + filepath.Join(c.folder, "env", "volumes", "tmp"), "PWD=" + filepath.Join(c.folder, "env", "work"),
	} {
		if !has[want] {
			t.Errorf("no line %q in\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if strings.Contains(c.printed("env"), "OF_THIS_MACHINE") {
		t.Error("the container sees a variable of this machine")
	}
}

func TestUnknownFieldIsRefused(t *testing.T) {
	if _, err := field(&core.Pod{}, "spec.hostname"); err == nil {
		t.Error("a field that nobody looks up was taken")
	}
}
