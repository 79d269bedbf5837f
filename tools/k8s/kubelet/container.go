package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	core "k8s.io/api/core/v1"
)

// start starts the container of a pod in a folder of the pod's own: log gets what it
// prints, work is where it runs, and each volume has a folder in volumes.
func (k *kubelet) start(p *core.Pod) (*exec.Cmd, error) {
	if err := refused(&p.Spec); err != nil {
		return nil, err
	}
	c := p.Spec.Containers[0]
	folder := filepath.Join(k.folder, p.Name)
	work := filepath.Join(folder, "work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	env, err := environment(p, c.Env)
	if err != nil {
		return nil, err
	}
	line := env.expandAll(slices.Concat(c.Command, c.Args))
	if len(c.Command) == 0 {
		line = append([]string{k.program}, line...)
	}
	for _, m := range c.VolumeMounts {
		volume := filepath.Join(folder, "volumes", m.Name)
		if err := os.MkdirAll(volume, 0o700); err != nil {
			return nil, err
		}
		env.set("TMPDIR", volume) // refused lets /tmp through alone
	}
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has it by itself
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env.list(), work, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that signals reach what it starts, too
	return cmd, cmd.Start()
}

// refused says what a pod needs that a process of this machine cannot have.
func refused(s *core.PodSpec) error {
	if len(s.Containers) != 1 || len(s.InitContainers) > 0 {
		return errors.New("a pod has to have one container, and none before it")
	}
	if s.RestartPolicy != core.RestartPolicyNever {
		return fmt.Errorf("restart policy %s: nothing is started again here", s.RestartPolicy)
	}
	c := s.Containers[0]
	if len(c.EnvFrom) > 0 {
		return errors.New("the environment is taken from variables alone")
	}
	if c.StartupProbe != nil || c.LivenessProbe != nil || c.ReadinessProbe != nil {
		return errors.New("no health is asked for here")
	}
	for _, v := range s.Volumes {
		if v.EmptyDir == nil {
			return fmt.Errorf("volume %s is no emptyDir", v.Name)
		}
	}
	for _, m := range c.VolumeMounts {
		if m.MountPath != "/tmp" || m.SubPath != "" || m.SubPathExpr != "" {
			return fmt.Errorf("volume %s at %s: a process can be told of another /tmp alone", m.Name, m.MountPath)
		}
	}
	return nil
}
