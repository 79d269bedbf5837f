package main

import (
	"context"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
)

// loopback is the address of every pod.
const loopback = "127.0.0.1"

// containerID names the process of a container, as type://ID.
func containerID(process int) string { return fmt.Sprintf("process://%d", process) }

// reportRunning reports that the container runs.
func (p *pod) reportRunning(ctx context.Context, process int, began time.Time) error {
	return p.report(ctx, func(s *core.PodStatus) {
		s.Phase = core.PodRunning
		p.describe(s, began, core.ContainerStatus{
			Ready:       true,
			Started:     new(true),
			ContainerID: containerID(process),
			State:       core.ContainerState{Running: &core.ContainerStateRunning{StartedAt: meta.NewTime(began)}},
		})
	})
}

// reportEnd reports how the container ended.
func (p *pod) reportEnd(ctx context.Context, state core.ContainerStateTerminated, began time.Time) error {
	state.StartedAt, state.FinishedAt = meta.NewTime(began), meta.Now()
	return p.report(ctx, func(s *core.PodStatus) {
		s.Phase = core.PodSucceeded
		if state.ExitCode != 0 {
			s.Phase = core.PodFailed
		}
		p.describe(s, began, core.ContainerStatus{ContainerID: state.ContainerID, State: core.ContainerState{Terminated: &state}})
	})
}

// describe writes what holds for a pod that runs and for one that has ended.
func (p *pod) describe(s *core.PodStatus, began time.Time, c core.ContainerStatus) {
	start := meta.NewTime(began)
	s.StartTime = &start
	s.HostIP, s.PodIP = loopback, loopback
	s.HostIPs, s.PodIPs = []core.HostIP{{IP: loopback}}, []core.PodIP{{IP: loopback}}
	if spec := p.core.Spec.Containers; len(spec) > 0 {
		c.Name, c.Image = spec[0].Name, spec[0].Image
	}
	s.ContainerStatuses = []core.ContainerStatus{c}
	ready := core.ConditionFalse
	if c.Ready {
		ready = core.ConditionTrue
	}
	setCondition(s, core.PodScheduled, core.ConditionTrue)
	setCondition(s, core.ContainersReady, ready)
	setCondition(s, core.PodReady, ready)
}

// setCondition leaves all other conditions as they are: an eviction has left one.
func setCondition(s *core.PodStatus, kind core.PodConditionType, status core.ConditionStatus) {
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.Type == kind {
			if c.Status != status {
				c.Status, c.LastTransitionTime = status, meta.Now()
			}
			return
		}
	}
	s.Conditions = append(s.Conditions, core.PodCondition{Type: kind, Status: status, LastTransitionTime: meta.Now()})
}

// report changes the status of the pod as it is now. A pod that is gone, or that another
// one has taken the name of, is left alone.
func (p *pod) report(ctx context.Context, change func(*core.PodStatus)) error {
	pods := p.kubelet.client.CoreV1().Pods(p.core.Namespace)
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		now, err := pods.Get(ctx, p.core.Name, meta.GetOptions{})
		if err != nil || now.UID != p.core.UID {
			return err
		}
		change(&now.Status)
		_, err = pods.UpdateStatus(ctx, now, meta.UpdateOptions{})
		return err
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// confirmDeletion says that nothing of the pod runs any more, so that it can be removed.
func (p *pod) confirmDeletion(ctx context.Context) error {
	err := p.kubelet.client.CoreV1().Pods(p.core.Namespace).Delete(ctx, p.core.Name, meta.DeleteOptions{
		GracePeriodSeconds: new(int64), // none
		Preconditions:      meta.NewUIDPreconditions(string(p.core.UID)),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
