package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/wait"
	"reseal/job"
	"reseal/job/status"
)

const (
	sceneObjects = 1600
	sceneShards  = 8
	scenePods    = "/api/v1/namespaces/default/pods"
	sceneJob     = "/apis/batch/v1/namespaces/default/jobs/reseal"
	indexKey     = "batch.kubernetes.io/job-completion-index"
)

// TestKubernetes: the Job of deploy/kubernetes.yaml on a real API server and Job controller.
// Of eight shares one meets an object that fails, one is killed, one is evicted, and one is
// started a second time beside its pod. Each object is copied once, the other shares have one
// pod each, and starts are counted as the Job's policy says.
func TestKubernetes(t *testing.T) {
	programs := os.Getenv("RESEAL_KUBERNETES_DIR")
	if programs == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs etcd, kube-apiserver, kube-controller-manager and kubelet, in the folder that RESEAL_KUBERNETES_DIR names. To build them and run this: make k8s")
	}
	s := newPodScene(t, programs)
	failing := s.waitForFailure()
	var victims []int
	for i := range sceneShards {
		if i != failing && len(victims) < 3 {
			victims = append(victims, i)
		}
	}
	killed, evicted, doubled := victims[0], victims[1], victims[2]
	t.Logf("share %d has the failed object, %d is killed, %d evicted, %d started twice", failing, killed, evicted, doubled)

	_, first := s.podOf(doubled)
	second := s.double(doubled)
	twice := startCommand(t, second)
	process, victim := s.podOf(killed)
	if err := syscall.Kill(process, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_, moved := s.podOf(evicted)
	s.plane.must(http.MethodPost, scenePods+"/"+moved.Metadata.Name+"/eviction",
		fmt.Appendf(nil, `{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": %q, "namespace": "default"}}`, moved.Metadata.Name), nil)
	if <-twice; second.ProcessState.ExitCode() != exitMismatch {
		t.Errorf("the second process of share %d ended with exit code %d, want %d: %s", doubled, second.ProcessState.ExitCode(), exitMismatch, second.Stderr)
	}
	if _, now := s.podOf(doubled); now.Metadata.UID != first.Metadata.UID || now.Status.Phase != "Running" {
		t.Errorf("share %d: pod %s is %s, so that nothing was started twice", doubled, now.Metadata.Name, now.Status.Phase)
	}

	s.checkJob(s.waitForEnd(), failing)
	s.checkPods(map[int]int{killed: 2, evicted: 2})
	s.checkEnd(victim.Metadata.Name, 137)
	s.checkEnd(moved.Metadata.Name, 143)
	s.checkCounts(killed, "1", "0")
	s.checkCounts(evicted, "0", "1")
	s.checkObjects()
	s.checkStatus(failing)
	s.checkReport()
}

// podScene is a job as the Job of Kubernetes, and what was seen of its pods.
type podScene struct {
	*testWorld
	plane *controlPlane
	about []string                    // the job, as commands take it
	job   string                      // address of its state
	seen  map[int]map[string]scenePod // by share and UID, as last seen
}

// scenePod is what the scene reads of a pod.
type scenePod struct {
	Metadata struct {
		Name, UID   string
		Annotations map[string]string
	}
	Status struct {
		Phase             string
		ContainerStatuses []struct{ ContainerID string }
	}
}

// newPodScene plans a job of eight shares and gives it to a control plane.
func newPodScene(t *testing.T, programs string) *podScene {
	t.Helper()
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: sceneObjects, Seed: 1, Plain: true}, simaws.Report{RowsPerFile: sceneObjects / sceneShards})
	sim.Locked(func(world *simulator.World) {
		world.AddFault(simulator.Fault{Op: simulator.OpCopyObject, Key: "*0000000007*", Code: "InvalidTag", HTTPStatus: 400, Message: "never"})
	})
	s := &podScene{testWorld: serveWorld(t, sim, manifest), job: "s3://" + simaws.ReportBucket + "/jobs/kubernetes", seen: map[int]map[string]scenePod{}}
	s.about = []string{"--manifest=" + manifest, "--sse-kms-key-id=" + simaws.Key, "--job=" + s.job}
	if out, err := s.command(slices.Concat([]string{"plan"}, s.about, paced())...).CombinedOutput(); err != nil {
		t.Fatalf("plan: %v\n%s", err, out)
	}
	program, err := exec.LookPath("reseal")
	if err != nil {
		t.Fatal(err)
	}
	s.plane = startControlPlane(t, programs, program)
	account, job, _ := strings.Cut(s.manifestFor(), "\n---\n")
	s.plane.must(http.MethodPost, "/api/v1/namespaces/default/serviceaccounts", []byte(account), nil)
	s.plane.must(http.MethodPost, "/apis/batch/v1/namespaces/default/jobs", []byte(job), nil)
	return s
}

// sceneProbe is where runs try their copies first; the simulator counts these apart.
const sceneProbe = "--probe-key-prefix=reseal-probe/"

// paced has shares take a minute or so, to have time for what happens to them.
func paced() []string { return []string{"--kms-rps=24", "--bucket-key-enabled=false"} }

// manifestFor is deploy/kubernetes.yaml, as the chart makes it, with this job in the place
// of what is to be replaced, and the simulator in the environment.
func (s *podScene) manifestFor() string {
	s.t.Helper()
	data, err := os.ReadFile("../../deploy/kubernetes.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(data)
	replace := func(old, new string) {
		if strings.Count(text, old) == 0 {
			s.t.Fatalf("deploy/kubernetes.yaml has no %q", old)
		}
		text = strings.ReplaceAll(text, old, new)
	}
	var flags, env strings.Builder
	for _, f := range append(paced(), sceneProbe) {
		fmt.Fprintf(&flags, "\n            - %q", f)
	}
	for _, v := range s.env {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "AWS_") && name != "AWS_REGION" || name == auditVariable {
			fmt.Fprintf(&env, "\n            - {name: %s, value: %q}", name, value)
		}
	}
	replace("s3://REPORT-BUCKET/PREFIX/manifest.json", s.manifest)
	replace("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", simaws.Key)
	replace("s3://STATE-BUCKET/PREFIX", s.job)
	replace(`"eu-west-1"`, strconv.Quote(simaws.DefaultRegion))
	replace(`            - "--drain-timeout=90s"`, `            - "--drain-timeout=90s"`+flags.String())
	replace("          env:", "          env:"+env.String())
	return text
}

// look takes down which pods are there now.
func (s *podScene) look(ctx context.Context) {
	s.t.Helper()
	var list struct{ Items []scenePod }
	if err := s.plane.call(ctx, http.MethodGet, scenePods, nil, &list); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range list.Items {
		index, err := strconv.Atoi(p.Metadata.Annotations[indexKey])
		if err != nil {
			s.t.Fatalf("pod %s: %v", p.Metadata.Name, err)
		}
		if s.seen[index] == nil {
			s.seen[index] = map[string]scenePod{}
		}
		s.seen[index][p.Metadata.UID] = p
	}
}

// until looks at the pods again and again until something is so.
func (s *podScene) until(what string, is func(ctx context.Context) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 8*time.Minute)
	defer cancel()
	for {
		s.look(ctx)
		if is(ctx) {
			return
		}
		if wait.For(ctx, 200*time.Millisecond) != nil {
			s.t.Fatalf("waited 8 minutes until %s; pods:\n%+v", what, s.seen)
		}
	}
}

// now is what reseal status says of the job.
func (s *podScene) now() (now status.Status) {
	s.t.Helper()
	out, err := s.command("status", "--job", s.job, "--json").Output()
	if err != nil {
		s.t.Fatalf("status: %v", err)
	}
	if err := json.Unmarshal(bytes.TrimSpace(out), &now); err != nil {
		s.t.Fatalf("status: %v in %s", err, out)
	}
	return now
}

// waitForFailure waits until all shares work and one of them has a failed object.
func (s *podScene) waitForFailure() (share int) {
	s.t.Helper()
	share = -1
	s.until("all shares work, and one has a failed object", func(context.Context) bool {
		working := 0
		for i, at := range s.now().Shares {
			if at.Failed > 0 {
				share = i
			}
			if at.Settled > 0 {
				working++
			}
		}
		return share >= 0 && working == sceneShards
	})
	return share
}

// podOf is the only pod of a share, and its process.
func (s *podScene) podOf(share int) (process int, p scenePod) {
	s.t.Helper()
	s.look(s.t.Context())
	pods := slices.Collect(maps.Values(s.seen[share]))
	if len(pods) != 1 || len(pods[0].Status.ContainerStatuses) != 1 {
		s.t.Fatalf("share %d has the pods %+v, want one that runs", share, pods)
	}
	number, _ := strings.CutPrefix(pods[0].Status.ContainerStatuses[0].ContainerID, "process://")
	process, err := strconv.Atoi(number)
	if err != nil {
		s.t.Fatal(err)
	}
	return process, pods[0]
}

// double is the command of a pod, as another process for the same share.
func (s *podScene) double(share int) *exec.Cmd {
	cmd := s.command(slices.Concat([]string{"run", "--yes", "--no-progress", sceneProbe, "--shards=" + strconv.Itoa(sceneShards)}, s.about, paced())...)
	cmd.Env = append(cmd.Env, "JOB_COMPLETION_INDEX="+strconv.Itoa(share), "RESEAL_KNOWN_JOBS=off")
	cmd.Stderr = &tail{}
	return cmd
}

// sceneEnd is the status of the Job.
type sceneEnd struct {
	Status struct {
		Succeeded, Failed               int
		CompletedIndexes, FailedIndexes string
		Conditions                      []struct{ Type, Status, Reason string }
	}
}

// waitForEnd waits until the Job is complete or has failed.
func (s *podScene) waitForEnd() (end sceneEnd) {
	s.t.Helper()
	s.until("the Job has ended", func(ctx context.Context) bool {
		end = sceneEnd{}
		if err := s.plane.call(ctx, http.MethodGet, sceneJob, nil, &end); err != nil {
			s.t.Fatal(err)
		}
		for _, c := range end.Status.Conditions {
			if (c.Type == "Complete" || c.Type == "Failed") && c.Status == "True" {
				return true
			}
		}
		return false
	})
	return end
}

// checkJob: one index failed, and the Job says that of itself.
func (s *podScene) checkJob(end sceneEnd, failing int) {
	s.t.Helper()
	got := end.Status
	reason := ""
	for _, c := range got.Conditions {
		if c.Type == "Failed" && c.Status == "True" {
			reason = c.Reason
		}
	}
	if reason != "FailedIndexes" || got.FailedIndexes != strconv.Itoa(failing) || got.Succeeded != sceneShards-1 || got.Failed != 2 {
		s.t.Errorf("the Job ended with %+v, want the reason FailedIndexes, index %d alone, %d that succeeded, and 2 pods counted as failed", got, failing, sceneShards-1)
	}
	s.t.Logf("the Job: %+v", got)
}

// checkPods: each share had one pod, apart from those named.
func (s *podScene) checkPods(more map[int]int) {
	s.t.Helper()
	for share := range sceneShards {
		if got, want := len(s.seen[share]), max(1, more[share]); got != want {
			s.t.Errorf("share %d had %d pods, want %d: %+v", share, got, want, s.seen[share])
		}
	}
}

// checkEnd: a pod has ended with an exit code, by the word of the kubelet.
func (s *podScene) checkEnd(pod string, code int) {
	s.t.Helper()
	log, err := os.ReadFile(filepath.Join(s.plane.folder, "kubelet.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	want := fmt.Sprintf("msg=\"pod ended\" pod=%s code=%d\n", pod, code)
	if !strings.Contains(string(log), want) {
		s.t.Errorf("the kubelet does not say %q:\n%s", want, log)
	}
}

// checkCounts: the successor of a share carries what the Job has counted for it, and not.
func (s *podScene) checkCounts(share int, failures, ignored string) {
	s.t.Helper()
	for _, p := range s.seen[share] {
		if a := p.Metadata.Annotations; p.Status.Phase == "Succeeded" {
			got, passed := a["batch.kubernetes.io/job-index-failure-count"], a["batch.kubernetes.io/job-index-ignored-failure-count"]
			if got != failures || passed != ignored && (passed != "" || ignored != "0") {
				s.t.Errorf("share %d: %q failures counted and %q ignored, want %s and %s", share, got, passed, failures, ignored)
			}
			return
		}
	}
	s.t.Errorf("share %d: no pod has succeeded: %+v", share, s.seen[share])
}

// checkObjects: by the simulator's count, each object was copied once, but for one.
func (s *podScene) checkObjects() {
	s.t.Helper()
	got := s.rewritten()
	delete(got, 0)
	if len(got) != 1 || got[1] != sceneObjects-1 {
		s.t.Errorf("objects by how often they were copied: %v, want %d once", got, sceneObjects-1)
	}
	s.t.Logf("objects by how often they were copied: %v", got)
}

// checkStatus: reseal status has every share at its end.
func (s *podScene) checkStatus(failing int) {
	s.t.Helper()
	now := s.now()
	if now.Done != sceneObjects-1 || now.Failed != 1 || now.Settled != sceneObjects || now.State != "finished" || len(now.Shares) != sceneShards {
		s.t.Errorf("status: %+v, want %d objects done, one failed, and %d shares", now, sceneObjects-1, sceneShards)
	}
	for i, at := range now.Shares {
		failed, code := int64(0), 0
		if i == failing {
			failed, code = 1, exitFailures
		}
		if at.State != job.ShareFinished || at.Failed != failed || at.ExitCode == nil || *at.ExitCode != code || at.Settled != sceneObjects/sceneShards {
			s.t.Errorf("share %d: %+v, want it finished with exit code %d and %d failed", i, at, code, failed)
		}
	}
	if out, err := s.command("status", "--job", s.job).Output(); err != nil {
		s.t.Errorf("status: %v", err)
	} else {
		s.t.Logf("reseal status:\n%s", out)
	}
}

// checkReport: reseal report sums up all shares.
func (s *podScene) checkReport() {
	s.t.Helper()
	out, err := s.command("report", "--job", s.job, "--format", "json").Output()
	if err != nil {
		s.t.Fatalf("report: %v", err)
	}
	var got struct {
		State   string
		Summary struct {
			Failures []struct{ Key string }
			Groups   []struct {
				Status  string
				Objects int64
			}
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		s.t.Fatal(err)
	}
	done := int64(0)
	for _, g := range got.Summary.Groups {
		if g.Status == "done" {
			done += g.Objects
		}
	}
	if f := got.Summary.Failures; got.State != "finished" || done != sceneObjects-1 || len(f) != 1 || !strings.Contains(f[0].Key, "0000000007") {
		s.t.Errorf("report: %+v, want %d objects done, and the failed one", got, sceneObjects-1)
	}
}
