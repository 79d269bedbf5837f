package metrics

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"reseal/cost"
	"reseal/engine"
	"reseal/internal/outfile"
	"reseal/internal/plain"
)

// Ended is a run that is over, as it stays to be read once the process is gone.
type Ended struct {
	Version  string // of reseal
	Job      string // folder or address
	At       time.Time
	Took     time.Duration
	ExitCode int
	Run      *EndedRun // nil: the run never began its first object
}

// EndedRun is what such a run did, and what it left of its job.
type EndedRun struct {
	Outcomes [engine.NumOutcomes]int64 // of this run
	Bytes    int64                     // of the objects done in this run
	Left     int64                     // objects of the job that have no outcome, -1 where not known
	Failed   int64                     // objects of the job that failed and are not done
	Spent    cost.Money                // by the job, at most
	Priced   bool                      // Spent is known
}

// WriteFile writes the metrics of a run or a campaign that is over into the file called name, for the
// textfile collector of node_exporter. The file is replaced as a whole; a new one can be
// read by all. The errors are those of outfile.Write.
func WriteFile(ctx context.Context, name string, over prometheus.Collector) error {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(over)
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	return outfile.WriteReadable(ctx, name, func(w io.Writer) error {
		for _, f := range families {
			if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// The metrics of the run that ended last. Several jobs may have theirs in one folder, so
// each names its job.
var (
	lastEndDesc      = describe("last_run_end_time_seconds", "When the last run ended, in seconds since 1970.", "job_path")
	lastTookDesc     = describe("last_run_duration_seconds", "How long the command took.", "job_path")
	lastExitDesc     = describe("last_run_exit_code", "Exit code of the last run.", "job_path")
	lastObjectsDesc  = describe("last_run_objects", "Objects of the last run by outcome.", "job_path", "outcome")
	lastBytesDesc    = describe("last_run_rewritten_bytes", "Size of the objects done in the last run.", "job_path")
	lastLeftDesc     = describe("last_run_job_objects_left", "Objects of the job that had no outcome when the last run ended.", "job_path")
	lastFailedDesc   = describe("last_run_job_objects_failed", "Objects of the job that failed and were not done when the last run ended.", "job_path")
	lastCostDesc     = describe("last_run_job_cost_dollars", "What the requests of the job may have cost at most when the last run ended, at list prices.", "job_path")
	lastBuildDesc    = describe("last_run_build_info", "1, with the version of the last run as a label.", "job_path", "version")
	lastDescriptions = []*prometheus.Desc{lastEndDesc, lastTookDesc, lastExitDesc, lastObjectsDesc, lastBytesDesc, lastLeftDesc, lastFailedDesc, lastCostDesc, lastBuildDesc}
)

// Describe implements prometheus.Collector.
func (e *Ended) Describe(out chan<- *prometheus.Desc) {
	for _, d := range lastDescriptions {
		out <- d
	}
}

// gaugesOf returns what sends gauges whose first label is the name of a job or a campaign.
func gaugesOf(name string, out chan<- prometheus.Metric) func(d *prometheus.Desc, v float64, more ...string) {
	name = plain.Text(name) // a label is UTF-8
	return func(d *prometheus.Desc, v float64, more ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{name}, more...)...)
	}
}

// Collect implements prometheus.Collector.
func (e *Ended) Collect(out chan<- prometheus.Metric) {
	gauge := gaugesOf(e.Job, out)
	gauge(lastEndDesc, float64(e.At.UnixMilli())/1000)
	gauge(lastTookDesc, e.Took.Seconds())
	gauge(lastExitDesc, float64(e.ExitCode))
	gauge(lastBuildDesc, 1, e.Version)
	r := e.Run
	if r == nil {
		return
	}
	for _, o := range []engine.Outcome{engine.Done, engine.Failed, engine.Skipped, engine.Deferred} {
		gauge(lastObjectsDesc, float64(r.Outcomes[o]), o.String())
	}
	gauge(lastBytesDesc, float64(r.Bytes))
	gauge(lastFailedDesc, float64(r.Failed))
	if r.Left >= 0 {
		gauge(lastLeftDesc, float64(r.Left))
	}
	if r.Priced {
		gauge(lastCostDesc, float64(r.Spent)/1e9) // of billionths
	}
}
