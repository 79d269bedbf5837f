package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
)

// newJobPlan binds a job to what was decided, and attaches what was found out.
func newJobPlan(g *ground, endpoint string, s *survey, e *cost.Estimate) *jobPlan {
	return &jobPlan{
		Frozen: g.frozen, Hash: g.frozen.Hash(), Created: time.Now().UTC(), Program: "reseal " + version,
		Segments: s.segments, Rows: s.rows, Todo: s.todo, Unread: len(s.damage), Region: g.policy.Facts.Region, Endpoint: endpoint, Estimate: e, Tally: s.tally, Canary: s.canary,
	}
}

// freeze makes a job of a plan: a folder with plan.json and nothing else. The
// file appears under its name as a whole or not at all, and never replaces
// another, so that no lock is needed, which would leave files of its own. In a
// bucket the lock is taken for it, and given back.
func freeze(ctx context.Context, c connection, dir string, j *jobPlan) error {
	if remoteJob(dir) {
		store, err := remoteStore(ctx, c, dir, share{})
		if err != nil {
			return err
		}
		lock, err := store.Lock(ctx, checkpoint.Self("reseal plan"))
		if err != nil {
			return err
		}
		return errors.Join(writePlan(ctx, store, j), lock.Release())
	}
	if _, err := localJob(dir); err != nil {
		return err
	}
	data, err := encodePlan(j)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	temp := fmt.Sprintf(".%s.%d", planFile, os.Getpid())
	defer root.Remove(temp)
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := root.Link(temp, planFile); err != nil {
		return err // also where another process was faster
	}
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
