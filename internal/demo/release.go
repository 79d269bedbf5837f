package demo

import (
	"context"
	"errors"

	"reseal/control"
	"reseal/job"
	"reseal/verify"
)

// liveRelease is the most KMS requests that the run under way on a job has released
// in a second, by its own count; 0 where none is under way.
func liveRelease(ctx context.Context, folder string) int64 {
	if s := control.LiveStatus(ctx, job.Socket(folder, job.Share{})); s != nil {
		return s.KMS.FullestSecond
	}
	return 0
}

// recordedRelease is the same of all runs of the job that have ended, and of its
// last verification.
func recordedRelease(ctx context.Context, folder string) (int64, error) {
	store, _, err := job.Opener{}.Load(ctx, folder)
	if err != nil {
		return 0, err
	}
	past, _, err := job.ReadHistory(ctx, store, job.HistoryFile)
	if err != nil {
		return 0, err
	}
	verified := verify.ReadNote(ctx, store)
	if verified == nil {
		return 0, errors.New("the job does not say what verify found")
	}
	return max(past.Fullest, verified.KMS.Fullest), nil
}
