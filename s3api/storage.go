package s3api

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
// objects, by their storage class, and by their tier where that is an archive one of
// INTELLIGENT_TIERING (same page). What S3 adds for itself in the archive and infrequent
// access classes is left out, as package cost reckons with it.
var storageTypes = [...]struct {
	name  string
	class inventory.StorageClass
	tier  string
}{
	{"StandardStorage", inventory.Standard, ""},
	{"IntelligentTieringFAStorage", inventory.IntelligentTiering, ""}, {"IntelligentTieringIAStorage", inventory.IntelligentTiering, ""},
	{"IntelligentTieringAIAStorage", inventory.IntelligentTiering, ""}, // instant access: nothing to restore
	{"IntelligentTieringAAStorage", inventory.IntelligentTiering, "ARCHIVE"}, {"IntelligentTieringDAAStorage", inventory.IntelligentTiering, "DEEP_ARCHIVE"},
	{"StandardIAStorage", inventory.StandardIA, ""}, {"OneZoneIAStorage", inventory.OneZoneIA, ""},
	{"GlacierInstantRetrievalStorage", inventory.GlacierIR, ""}, {"GlacierStorage", inventory.Glacier, ""}, {"DeepArchiveStorage", inventory.DeepArchive, ""},
	{"ReducedRedundancyStorage", inventory.ReducedRedundancy, ""},
}

// Limits of GetMetricData, and how far back the newest daily figure is looked for: it may
// come late (CloudWatch API Reference, GetMetricData, read 2026-11-30).
const (
	mostQueries = 500
	storageBack = 4 * 24 * time.Hour
)

// StorageBatch is how many buckets one call of Stored takes at most.
const StorageBatch = mostQueries / (1 + len(storageTypes)) // the number of objects, and the bytes of each type

// Stored is what CloudWatch has of a bucket on one day. It has no figure of one that is
// empty or new, which cannot be told from here.
type Stored struct {
	Objects int64
	Counted bool                             // Objects is known
	Bytes   map[inventory.StorageClass]int64 // classes that have a figure of the day
	Tiers   map[string]int64                 // archive tiers of INTELLIGENT_TIERING, which are not in Bytes
	Day     time.Time                        // of all figures
}

// byDay are the figures of a metric, by the day at which they begin.
type byDay map[time.Time]int64

// Stored reads the daily figures of up to StorageBatch buckets of the client's Region, of the
// newest day that has some of a bucket, in one request. Errors are *SetupError.
func (c *Client) Stored(ctx context.Context, buckets []string, now time.Time) ([]Stored, error) {
	const op = "GetMetricData"
	if err := c.elsewhere(c.metrics.Options().BaseEndpoint, "CloudWatch"); err != nil {
		return nil, &SetupError{Kind: Unsupported, Op: op, Err: err}
	}
	day := now.UTC().Truncate(24 * time.Hour)
	in := &cloudwatch.GetMetricDataInput{StartTime: aws.Time(day.Add(-storageBack)), EndTime: aws.Time(day.Add(24 * time.Hour)), ScanBy: types.ScanByTimestampDescending}
	figures := map[string]byDay{} // by the id of the query
	ask := func(bucket, metric, storageType string) byDay {
		id, all := fmt.Sprintf("q%d", len(figures)), byDay{}
		figures[id] = all
		in.MetricDataQueries = append(in.MetricDataQueries, storageQuery(id, bucket, metric, storageType))
		return all
	}
	counts, sizes := make([]byDay, len(buckets)), make([][len(storageTypes)]byDay, len(buckets))
	for i, name := range buckets {
		counts[i] = ask(name, countMetric, allTypes)
		for j := range storageTypes {
			sizes[i][j] = ask(name, sizeMetric, storageTypes[j].name)
		}
	}
	err := c.metricPages(ctx, in, storageNamespace+" "+sizeMetric, func(r *types.MetricDataResult) error {
		return figures[value(r.Id)].take(r)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Stored, len(buckets))
	for i := range out {
		out[i] = storedOf(counts[i], &sizes[i])
	}
	return out, nil
}

// take takes over what a page has of a metric; of one that nobody asked for, nothing.
func (f byDay) take(r *types.MetricDataResult) error {
	switch {
	case r.StatusCode == types.StatusCodeForbidden || r.StatusCode == types.StatusCodeInternalError:
		return errors.New("the answer has a metric that could not be read: " + string(r.StatusCode))
	case len(r.Timestamps) != len(r.Values):
		return errors.New("the answer has not one value for each day")
	case f == nil:
		return nil
	}
	for i, v := range r.Values {
		if v >= 0 && !math.IsInf(v, 0) {
			f[r.Timestamps[i].UTC().Truncate(24*time.Hour)] = wholeNumber(v)
		}
	}
	return nil
}

// storedOf are the figures of one day: objects that moved to another class would be in both
// if each class had a day of its own. It is the newest day with the number of objects and
// bytes; where there is none with both, the newest with any.
func storedOf(count byDay, sizes *[len(storageTypes)]byDay) Stored {
	s := Stored{Bytes: map[inventory.StorageClass]int64{}}
	sized := byDay{}
	for _, of := range sizes {
		maps.Copy(sized, of)
	}
	for day := range sized {
		if _, both := count[day]; both && day.After(s.Day) {
			s.Day = day
		}
	}
	if s.Day.IsZero() {
		for _, any := range []byDay{count, sized} {
			for day := range any {
				if day.After(s.Day) {
					s.Day = day
				}
			}
		}
	}
	s.Objects, s.Counted = count[s.Day]
	for j, of := range sizes {
		n, known := of[s.Day]
		switch t := &storageTypes[j]; {
		case !known:
		case t.tier != "":
			if s.Tiers == nil {
				s.Tiers = map[string]int64{}
			}
			s.Tiers[t.tier] = plan.Sum(s.Tiers[t.tier], n)
		default:
			s.Bytes[t.class] = plan.Sum(s.Bytes[t.class], n)
		}
	}
	return s
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
