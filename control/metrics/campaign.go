package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reseal/cost"
	"reseal/internal/plain"
)

// EndedCampaign is a campaign that is over, as it stays to be read once the process is gone.
type EndedCampaign struct {
	Version  string // of reseal
	Campaign string // folder or address
	At       time.Time
	Took     time.Duration
	ExitCode int
	Buckets  []EndedBucket // that the list has; none where the campaign could not be read
}

// EndedBucket is how a bucket of a campaign stood at its end.
type EndedBucket struct {
	Bucket, State string
	Done, Failed  int64      // objects of its job
	Left          int64      // that have no outcome, -1 where not known
	Bytes         int64      // of those done
	Spent         cost.Money // by its job, at most
}

// The metrics of the campaign that ended last. Several may have theirs in one folder, so
// each names its own.
var (
	campaignEndDesc    = describe("last_campaign_end_time_seconds", "When the campaign ended last, in seconds since 1970.", "campaign_path")
	campaignTookDesc   = describe("last_campaign_duration_seconds", "How long the command took.", "campaign_path")
	campaignExitDesc   = describe("last_campaign_exit_code", "Exit code of the command, that of the worst of its buckets.", "campaign_path")
	campaignBuildDesc  = describe("last_campaign_build_info", "1, with the version as a label.", "campaign_path", "version")
	bucketStateDesc    = describe("last_campaign_bucket_state", "1, with how the bucket stood as a label.", "campaign_path", "bucket", "state")
	bucketObjectsDesc  = describe("last_campaign_bucket_objects", "Objects of the bucket's job: done, failed, or left.", "campaign_path", "bucket", "outcome")
	bucketBytesDesc    = describe("last_campaign_bucket_rewritten_bytes", "Size of the objects of the bucket that are done.", "campaign_path", "bucket")
	bucketCostDesc     = describe("last_campaign_bucket_cost_dollars", "What the requests of the bucket's job may have cost at most, at list prices.", "campaign_path", "bucket")
	campaignAllMetrics = []*prometheus.Desc{campaignEndDesc, campaignTookDesc, campaignExitDesc, campaignBuildDesc, bucketStateDesc, bucketObjectsDesc, bucketBytesDesc, bucketCostDesc}
)

// Describe implements prometheus.Collector.
func (e *EndedCampaign) Describe(out chan<- *prometheus.Desc) {
	for _, d := range campaignAllMetrics {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (e *EndedCampaign) Collect(out chan<- prometheus.Metric) {
	gauge := gaugesOf(e.Campaign, out)
	gauge(campaignEndDesc, float64(e.At.UnixMilli())/1000)
	gauge(campaignTookDesc, e.Took.Seconds())
	gauge(campaignExitDesc, float64(e.ExitCode))
	gauge(campaignBuildDesc, 1, e.Version)
	for i := range e.Buckets {
		b := &e.Buckets[i]
		bucket := plain.Text(b.Bucket)
		gauge(bucketStateDesc, 1, bucket, b.State)
		gauge(bucketObjectsDesc, float64(b.Done), bucket, "done")
		gauge(bucketObjectsDesc, float64(b.Failed), bucket, "failed")
		if b.Left >= 0 {
			gauge(bucketObjectsDesc, float64(b.Left), bucket, "left")
		}
		gauge(bucketBytesDesc, float64(b.Bytes), bucket)
		gauge(bucketCostDesc, float64(b.Spent)/1e9, bucket) // of billionths
	}
}
