package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Freeze makes a job of a plan: plan.json and nothing else. The file appears as a
// whole or not at all, and never replaces another: that is a *MadeError. So no lock is needed, which would
// leave files of its own.
func (o Opener) Freeze(ctx context.Context, name string, j *Plan) error {
	data, err := encodePlan(j)
	if err != nil {
		return err
	}
	if InBucket(name) {
		store, err := o.remote(ctx, name, Share{})
		if err != nil {
			return err
		}
		if err := notCampaign(ctx, store, name); err != nil {
			return err
		}
		return orMade(name, store.Create(ctx, PlanFile, data))
	}
	folder, err := createFolder(name)
	if err != nil {
		return err
	}
	if err := notCampaign(ctx, folder, name); err != nil {
		return err
	}
	return orMade(name, writeOnce(name, PlanFile, data))
}

// writeOnce makes a file in a folder, as a whole or not at all. One that is there
// already is an error, and stays.
func writeOnce(dir, name string, data []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	temp := fmt.Sprintf(".%s.%d", name, os.Getpid())
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
	if err := root.Link(temp, name); err != nil {
		return err // also where another process was faster
	}
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
