package s3api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"reseal/inventory"
	"reseal/plan"
)

// The daily metrics of buckets (Amazon S3 User Guide, "metrics-dimensions", read
// 2026-11-30). Both count all versions and what is there of unfinished uploads;
// NumberOfObjects counts delete markers, too, and is for all classes together.
const (
	storageNamespace = "AWS/S3"
	sizeMetric       = "BucketSizeBytes"
	countMetric      = "NumberOfObjects"
	allTypes         = "AllStorageTypes"
)

// storageTypes are the values of the dimension StorageType that stand for the data of
// objects, by their storage class (same page). What S3 adds for itself in the archive and
// infrequent access classes is left out, as package cost reckons with it.
var storageTypes = [...]struct {
	name  string
	class inventory.StorageClass
}{
	{"StandardStorage", inventory.Standard},
	{"IntelligentTieringFAStorage", inventory.IntelligentTiering}, {"IntelligentTieringIAStorage", inventory.IntelligentTiering},
	{"IntelligentTieringAAStorage", inventory.IntelligentTiering}, {"IntelligentTieringAIAStorage", inventory.IntelligentTiering},
	{"IntelligentTieringDAAStorage", inventory.IntelligentTiering},
	{"StandardIAStorage", inventory.StandardIA}, {"OneZoneIAStorage", inventory.OneZoneIA},
	{"GlacierInstantRetrievalStorage", inventory.GlacierIR}, {"GlacierStorage", inventory.Glacier}, {"DeepArchiveStorage", inventory.DeepArchive},
	{"ReducedRedundancyStorage", inventory.ReducedRedundancy},
}

// Limits of GetMetricData, and how far back the newest daily figure is looked for: it may
// come late (CloudWatch API Reference, GetMetricData, read 2026-11-30).
const (
	mostQueries = 500
	storageBack = 4 * 24 * time.Hour
	maxPages    = 100
)

// StorageBatch is how many buckets one call of Stored takes at most.
const StorageBatch = mostQueries / (1 + len(storageTypes)) // the number of objects, and the bytes of each type

// Stored is what CloudWatch has of a bucket. It has no figure of one that is empty or
// new, which cannot be told from here.
type Stored struct {
	Objects int64
	Counted bool                             // Objects is known
	Bytes   map[inventory.StorageClass]int64 // classes that have a figure
	Day     time.Time                        // of the newest figure
}

// Stored reads the newest daily figures of up to StorageBatch buckets of the client's
// Region, in one request. Errors are *SetupError.
func (c *Client) Stored(ctx context.Context, buckets []string, now time.Time) ([]Stored, error) {
	const op = "GetMetricData"
	if err := c.elsewhere(c.metrics.Options().BaseEndpoint, "CloudWatch"); err != nil {
		return nil, &SetupError{Kind: Unsupported, Op: op, Err: err}
	}
	day := now.UTC().Truncate(24 * time.Hour)
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(day.Add(-storageBack)), EndTime: aws.Time(day.Add(24 * time.Hour)), ScanBy: types.ScanByTimestampDescending}
	out := make([]Stored, len(buckets))
	readers := map[string]func(at time.Time, value float64){}
	ask := func(i int, metric, storageType string, read func(at time.Time, figure float64)) {
		id := fmt.Sprintf("q%d", len(readers))
		readers[id] = read
		in.MetricDataQueries = append(in.MetricDataQueries, storageQuery(id, buckets[i], metric, storageType))
	}
	for i := range buckets {
		s := &out[i]
		s.Bytes = map[inventory.StorageClass]int64{}
		ask(i, countMetric, allTypes, func(at time.Time, figure float64) { s.Objects, s.Counted, s.Day = wholeNumber(figure), true, at })
		for _, t := range storageTypes {
			ask(i, sizeMetric, t.name, func(at time.Time, figure float64) {
				s.Bytes[t.class] = plan.Sum(s.Bytes[t.class], wholeNumber(figure))
				if at.After(s.Day) {
					s.Day = at
				}
			})
		}
	}
	return out, c.readStored(ctx, in, readers)
}

// readStored gives the newest value of each query to its reader, once.
func (c *Client) readStored(ctx context.Context, in *cloudwatch.GetMetricDataInput, readers map[string]func(at time.Time, value float64)) error {
	const op, subject = "GetMetricData", storageNamespace + " " + sizeMetric
	for range maxPages {
		page, err := c.metrics.GetMetricData(ctx, in)
		if err != nil {
			return setupError(op, subject, err)
		}
		for _, r := range page.MetricDataResults {
			if r.StatusCode == types.StatusCodeForbidden || r.StatusCode == types.StatusCodeInternalError {
				return &SetupError{Kind: Other, Op: op, Subject: subject, Code: string(r.StatusCode), Err: errors.New("the answer has a metric that could not be read")}
			}
			read := readers[value(r.Id)]
			if len(r.Timestamps) != len(r.Values) {
				return &SetupError{Kind: Other, Op: op, Subject: subject, Err: errors.New("the answer has not one value for each day")}
			}
			newest := -1
			for i, v := range r.Values {
				if v >= 0 && !math.IsInf(v, 0) && (newest < 0 || r.Timestamps[i].After(r.Timestamps[newest])) {
					newest = i
				}
			}
			if read == nil || newest < 0 {
				continue // nobody asked, or there is no figure yet
			}
			read(r.Timestamps[newest], r.Values[newest])
			delete(readers, *r.Id)
		}
		if value(page.NextToken) == "" {
			return nil
		}
		in.NextToken = page.NextToken
	}
	return &SetupError{Kind: Other, Op: op, Subject: subject, Err: errors.New("the answer does not end")}
}

func storageQuery(id, bucket, metric, storageType string) types.MetricDataQuery {
	return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(storageNamespace), MetricName: &metric, Dimensions: []types.Dimension{
			{Name: aws.String("BucketName"), Value: &bucket}, {Name: aws.String("StorageType"), Value: &storageType},
		}},
		Period: aws.Int32(24 * 60 * 60), Stat: aws.String("Average"),
	}}
}

// wholeNumber is a figure as a whole number that can be reckoned with.
func wholeNumber(v float64) int64 {
	const most = 1 << 60
	return int64(min(max(v, 0), most))
}
