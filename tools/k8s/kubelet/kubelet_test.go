package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
)

// cluster is an API server that keeps what it is told, and a kubelet that serves a node
// of it until the test ends.
type cluster struct {
	t      *testing.T
	client kubernetes.Interface
	folder string
	stop   context.CancelFunc
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, client: fake.NewClientset(), folder: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	k := &kubelet{client: c.client, node: "local", program: "/bin/sh", folder: c.folder, log: slog.New(slog.DiscardHandler)}
	ended := make(chan error, 1)
	go func() { ended <- k.serve(ctx) }()
	c.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
	}
	t.Cleanup(func() { c.stop() })
	return c
}

// shell makes a pod of the node that runs a script of /bin/sh.
func shell(name, script string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name + "-uid")},
		Spec: core.PodSpec{
			NodeName: "local", RestartPolicy: core.RestartPolicyNever,
			Containers: []core.Container{{Name: "main", Args: []string{"-c", script}}},
		},
		Status: core.PodStatus{Phase: core.PodPending},
	}
}

func (c *cluster) create(p *core.Pod) {
	c.t.Helper()
	if _, err := c.client.CoreV1().Pods(p.Namespace).Create(c.t.Context(), p, meta.CreateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// wait returns a pod once it is in a phase.
func (c *cluster) wait(name string, phase core.PodPhase) *core.Pod {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	pods := c.client.CoreV1().Pods("default")
	news, err := pods.Watch(ctx, meta.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	defer news.Stop()
	for {
		p, err := pods.Get(ctx, name, meta.GetOptions{})
		if err != nil {
			c.t.Fatal(err)
		}
		if p.Status.Phase == phase {
			return p
		}
		select {
		case <-news.ResultChan():
		case <-ctx.Done():
			c.t.Fatalf("pod %s is %s, want %s; it printed %q", name, p.Status.Phase, phase, c.printed(name))
		}
	}
}

// printed is what a pod has printed.
func (c *cluster) printed(name string) string {
	text, err := os.ReadFile(filepath.Join(c.folder, name, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// waitForWord waits until a pod has printed something.
func (c *cluster) waitForWord(name string) {
	c.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for {
		if text, err := os.ReadFile(filepath.Join(c.folder, name, "log")); err == nil && len(text) > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.t.Fatalf("pod %s has printed nothing", name)
		}
	}
}

// delete does what the API server does with the request to delete a pod that runs: it
// marks it, with the seconds that it has.
func (c *cluster) delete(name string, seconds int64, more ...core.PodCondition) {
	c.t.Helper()
	pods := c.client.CoreV1().Pods("default")
	p, err := pods.Get(c.t.Context(), name, meta.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	now := meta.Now()
	p.DeletionTimestamp, p.DeletionGracePeriodSeconds = &now, &seconds
	p.Status.Conditions = append(p.Status.Conditions, more...)
	if _, err := pods.Update(c.t.Context(), p, meta.UpdateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// record has every status that a pod is given from now on, until it is removed.
func (c *cluster) record(name string) (removed <-chan []core.PodStatus) {
	c.t.Helper()
	news, err := c.client.CoreV1().Pods("default").Watch(c.t.Context(), meta.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(news.Stop)
	all := make(chan []core.PodStatus, 1)
	go func() {
		var seen []core.PodStatus
		for e := range news.ResultChan() {
			p, ok := e.Object.(*core.Pod)
			if !ok || p.Name != name {
				continue
			}
			seen = append(seen, p.Status)
			if e.Type == watch.Deleted {
				break
			}
		}
		all <- seen
	}()
	return all
}

// last is the last status before a pod was removed.
func (c *cluster) last(removed <-chan []core.PodStatus) core.PodStatus {
	c.t.Helper()
	select {
	case all := <-removed:
		return all[len(all)-1]
	case <-time.After(time.Minute):
		c.t.Fatal("the pod was not removed")
	}
	return core.PodStatus{}
}

func ended(t *testing.T, s core.PodStatus) core.ContainerStateTerminated {
	t.Helper()
	if len(s.ContainerStatuses) != 1 || s.ContainerStatuses[0].State.Terminated == nil {
		t.Fatalf("status %+v, want one container that has ended", s)
	}
	return *s.ContainerStatuses[0].State.Terminated
}

func TestExitCodes(t *testing.T) {
	c := newCluster(t)
	for name, script := range map[string]string{"zero": "exit 0", "three": "exit 3", "killed": "kill -KILL $$$$"} {
		c.create(shell(name, script))
	}
	for name, want := range map[string]struct {
		phase core.PodPhase
		code  int32
	}{"zero": {core.PodSucceeded, 0}, "three": {core.PodFailed, 3}, "killed": {core.PodFailed, 137}} {
		p := c.wait(name, want.phase)
		if got := ended(t, p.Status); got.ExitCode != want.code || p.Status.ContainerStatuses[0].Name != "main" {
			t.Errorf("%s: %+v, want exit code %d of the container main", name, got, want.code)
		}
	}
}

func TestRunningPodNamesItsProcess(t *testing.T) {
	c := newCluster(t)
	c.create(shell("runs", "echo here; exec sleep 600"))
	p := c.wait("runs", core.PodRunning)
	s := p.Status.ContainerStatuses[0]
	number, ok := strings.CutPrefix(s.ContainerID, "process://")
	pid, err := strconv.Atoi(number)
	if !ok || err != nil || s.State.Running == nil {
		t.Fatalf("status %+v, want a process that runs", s)
	}
	c.waitForWord("runs")
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := ended(t, c.wait("runs", core.PodFailed).Status); got.ExitCode != 137 {
		t.Errorf("%+v, want exit code 137", got)
	}
}

func TestUnboundPodIsBound(t *testing.T) {
	c := newCluster(t)
	p := shell("free", "exit 0")
	p.Spec.NodeName = ""
	bound := make(chan *core.Binding, 1)
	onBinding(c.client, bound)
	c.create(p)
	select {
	case b := <-bound:
		if b.Name != "free" || b.Target.Name != "local" || b.Target.Kind != "Node" {
			t.Errorf("bound %+v", b)
		}
	case <-time.After(time.Minute):
		t.Fatal("the pod was not bound")
	}
	if node, err := c.client.CoreV1().Nodes().Get(t.Context(), "local", meta.GetOptions{}); err != nil || len(node.Status.Conditions) != 1 {
		t.Errorf("node %+v, %v", node, err)
	}
}

// A pod that is deleted gets SIGTERM, and its exit code is known before it is removed.
func TestDeletionIsASignal(t *testing.T) {
	c := newCluster(t)
	c.create(shell("drains", "trap 'exit 143' TERM; echo ready; while :; do sleep 0.01; done"))
	c.wait("drains", core.PodRunning)
	c.waitForWord("drains")
	removed := c.record("drains")
	c.delete("drains", 60)
	if s := c.last(removed); s.Phase != core.PodFailed || ended(t, s).ExitCode != 143 {
		t.Errorf("%+v, want exit code 143", s)
	}
}

func TestGracePeriodEnds(t *testing.T) {
	c := newCluster(t)
	c.create(shell("stays", "trap '' TERM; echo ready; while :; do sleep 0.01; done"))
	c.wait("stays", core.PodRunning)
	c.waitForWord("stays")
	removed := c.record("stays")
	c.delete("stays", 1)
	if s := c.last(removed); ended(t, s).ExitCode != 137 {
		t.Errorf("%+v, want exit code 137", s)
	}
}

// What an eviction has written stays: the Job counts by it.
func TestEvictionIsKept(t *testing.T) {
	c := newCluster(t)
	c.create(shell("evicted", "trap 'exit 143' TERM; echo ready; while :; do sleep 0.01; done"))
	c.wait("evicted", core.PodRunning)
	c.waitForWord("evicted")
	removed := c.record("evicted")
	c.delete("evicted", 60, core.PodCondition{Type: core.DisruptionTarget, Status: core.ConditionTrue, Reason: "EvictionByEvictionAPI"})
	s := c.last(removed)
	if ended(t, s).ExitCode != 143 {
		t.Errorf("%+v, want exit code 143", s)
	}
	for _, condition := range s.Conditions {
		if condition.Type == core.DisruptionTarget && condition.Status == core.ConditionTrue {
			return
		}
	}
	t.Errorf("conditions %+v, want DisruptionTarget among them", s.Conditions)
}

// A kubelet that ends leaves no process behind.
func TestEndKillsProcesses(t *testing.T) {
	c := newCluster(t)
	c.create(shell("left", "trap '' TERM; echo $$$$; while :; do sleep 0.01; done"))
	c.wait("left", core.PodRunning)
	c.waitForWord("left")
	pid, err := strconv.Atoi(strings.TrimSpace(c.printed("left")))
	if err != nil {
		t.Fatal(err)
	}
	c.stop()
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("signal to the process: %v, want that it is gone", err)
	}
}

func TestRefusedPods(t *testing.T) {
	for want, change := range map[string]func(*core.Pod){
		"one container":  func(p *core.Pod) { p.Spec.InitContainers = p.Spec.Containers },
		"restart policy": func(p *core.Pod) { p.Spec.RestartPolicy = core.RestartPolicyAlways },
		"no emptyDir":    func(p *core.Pod) { p.Spec.Volumes = []core.Volume{{Name: "v"}} },
		"another /tmp": func(p *core.Pod) {
			p.Spec.Containers[0].VolumeMounts = []core.VolumeMount{{Name: "v", MountPath: "/data"}}
		},
		"variables alone": func(p *core.Pod) { p.Spec.Containers[0].EnvFrom = []core.EnvFromSource{{}} },
		"no health":       func(p *core.Pod) { p.Spec.Containers[0].LivenessProbe = &core.Probe{} },
		"be looked up": func(p *core.Pod) {
			p.Spec.Containers[0].Env = []core.EnvVar{{Name: "A", ValueFrom: &core.EnvVarSource{SecretKeyRef: &core.SecretKeySelector{}}}}
		},
		"no such file": func(p *core.Pod) { p.Spec.Containers[0].Command = []string{"/nowhere/program"} },
	} {
		t.Run(want, func(t *testing.T) {
			c := newCluster(t)
			p := shell("refused", "exit 0")
			change(p)
			c.create(p)
			if got := ended(t, c.wait("refused", core.PodFailed).Status); got.ExitCode != cannotStart || !strings.Contains(got.Message, want) {
				t.Errorf("%+v, want exit code %d and %q", got, cannotStart, want)
			}
		})
	}
}
