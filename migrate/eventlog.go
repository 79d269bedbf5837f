package migrate

import (
	"time"

	"reseal/control"
	"reseal/engine"
)

// logStart logs that the run begins, with what it goes by.
func (r *run) logStart() {
	cfg := r.cfg
	cfg.Log.Info("run started", "version", cfg.Version, "bucket", cfg.Policy.Options.Bucket, "method", string(cfg.Policy.Options.Method),
		"objects", r.plan.CountOrUnknown(r.plan.Todo), "settled_before", cfg.Rows.HandledBefore(r.found.Totals()),
		"kms_cap", cfg.Pace.KMSCap, "concurrency", cfg.Pace.Concurrency)
	if cfg.Share.Count > 0 {
		cfg.Log.Info("share taken", "share", cfg.Share.Name(), "segments", len(r.plan.Segments))
	}
}

// logEnd logs how the run ended.
func (r *run) logEnd(ending *control.Status, took time.Duration) {
	log, s := r.cfg.Log, r.stats
	if r.cfg.Share.Count > 0 {
		log.Info("share left", "share", r.cfg.Share.Name())
	}
	log.Info("run ended", "took_s", took.Seconds(), "exit_code", ending.Ended.ExitCode, "why", ending.Ended.Why, "done", s.Count(engine.Done),
		"failed", s.Count(engine.Failed), "skipped", s.Count(engine.Skipped), "deferred", s.Count(engine.Deferred), "bytes", s.Bytes.Load(),
		"requests", s.Requests.Load(), "retries", s.Retries.Load())
}
