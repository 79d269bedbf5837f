package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
)

// cannotStart is the exit code of a container that could not be started, as container
// runtimes report it.
const cannotStart = 128

// pod is a pod of the node, from its start to its end.
type pod struct {
	kubelet *kubelet
	core    *core.Pod // as it was first seen

	mu    sync.Mutex
	ended bool
	ends  chan time.Duration // gets the grace period, once
}

func newPod(k *kubelet, p *core.Pod) *pod {
	return &pod{kubelet: k, core: p, ends: make(chan time.Duration, 1)}
}

// end has the pod end within a grace period. Only the first call counts: that of a
// deletion, which may be followed by the news that the pod is gone.
func (p *pod) end(grace time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.ended = true
		p.ends <- grace
	}
}

// deleted tells whether the pod was told to end.
func (p *pod) deleted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// live starts the container, waits for its end, and reports both. Where ctx ends, nothing
// is reported any more.
func (p *pod) live(ctx context.Context) {
	log := p.kubelet.log.With("pod", p.core.Name)
	began := time.Now()
	cmd, err := p.kubelet.start(p.core)
	if err != nil {
		log.Error("pod not started", "error", err)
		p.finish(ctx, core.ContainerStateTerminated{ExitCode: cannotStart, Reason: "StartError", Message: err.Error()}, began)
		return
	}
	log.Info("pod started", "process", cmd.Process.Pid)
	waited := make(chan error, 1)
	go func() { waited <- cmd.Wait() }() // waitFor waits for it
	if err := p.reportRunning(ctx, cmd.Process.Pid, began); err != nil && ctx.Err() == nil {
		log.Error("start not reported", "error", err)
	}
	if err := p.waitFor(ctx, cmd.Process, waited); err != nil {
		log.Info("process ended", "error", err)
	}
	code := exitCode(cmd.ProcessState)
	log.Info("pod ended", "code", code)
	state := core.ContainerStateTerminated{ExitCode: code, Reason: "Completed", ContainerID: containerID(cmd.Process.Pid)}
	if code != 0 {
		state.Reason = "Error"
	}
	p.finish(ctx, state, began)
}

// finish reports the end, and confirms a deletion.
func (p *pod) finish(ctx context.Context, state core.ContainerStateTerminated, began time.Time) {
	err := p.reportEnd(ctx, state, began)
	if err == nil && p.deleted() {
		err = p.confirmDeletion(ctx)
	}
	if err != nil && ctx.Err() == nil {
		p.kubelet.log.Error("end not reported", "pod", p.core.Name, "error", err)
	}
}

// waitFor waits until the process has ended, by itself or because it was made to: by
// SIGTERM and, after the grace period, SIGKILL. Where ctx ends it is killed at once.
func (p *pod) waitFor(ctx context.Context, process *os.Process, waited <-chan error) error {
	var kill <-chan time.Time
	for {
		select {
		case err := <-waited:
			return err
		case <-ctx.Done():
			p.signal(process, syscall.SIGKILL)
			return <-waited
		case grace := <-p.ends:
			p.signal(process, syscall.SIGTERM)
			kill = time.After(grace)
		case <-kill:
			p.signal(process, syscall.SIGKILL)
		}
	}
}

// signal sends a signal to the container: to its process and what that has started.
func (p *pod) signal(process *os.Process, s syscall.Signal) {
	if err := syscall.Kill(-process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.kubelet.log.Error("signal not sent", "pod", p.core.Name, "signal", s, "error", err)
	}
}

// exitCode is the exit code as container runtimes tell it: 128 and the number of the
// signal for a process that one has ended.
func exitCode(state *os.ProcessState) int32 {
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int32(w.Signal())
	}
	return int32(state.ExitCode())
}
