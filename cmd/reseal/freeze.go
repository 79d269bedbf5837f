package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
		Segments: s.segments, Rows: s.rows, Todo: s.todo, Region: g.policy.Facts.Region, Endpoint: endpoint, Estimate: e, Tally: s.tally,
	}
}

// findJob opens the job in a folder, or returns nothing where there is none yet.
func findJob(ctx context.Context, dir string) (*checkpoint.Dir, *jobPlan, error) {
	store, err := checkpoint.OpenDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	job, err := readPlan(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil // an empty folder, or a job that was never begun: CreateDir tells
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open job %s: %w", dir, err)
	}
	return store, job, nil
}

// freeze makes a job of a plan: a folder with plan.json and nothing else. The
// file appears under its name as a whole or not at all, and never replaces
// another, so that no lock is needed, which would leave files of its own.
func freeze(dir string, j *jobPlan) error {
	if _, err := checkpoint.CreateDir(dir); err != nil {
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
