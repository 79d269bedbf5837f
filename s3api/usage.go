package s3api

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// The metric of what counts against the quota of symmetric KMS requests (AWS
// KMS Developer Guide, monitoring-cloudwatch, and Amazon CloudWatch User Guide,
// CloudWatch-Service-Quota-Integration, read 2026-11-21).
const (
	usageNamespace = "AWS/Usage"
	usageMetric    = "CallCount"
	usagePeriod    = time.Minute
)

// KMSCalls is how many symmetric KMS requests the whole account made in one
// minute, those that services made on its behalf included.
type KMSCalls struct {
	Minute time.Time // at which it begins
	Calls  float64
}

// KMSUsage reads from CloudWatch what the caller's account asked of KMS between
// two instants, a minute an entry, oldest first. The newest minutes come late;
// minutes without requests are missing.
func (c *Client) KMSUsage(ctx context.Context, from, to time.Time) ([]KMSCalls, error) {
	const op = "GetMetricData"
	if err := c.elsewhere(c.metrics.Options().BaseEndpoint, "CloudWatch"); err != nil {
		return nil, &SetupError{Kind: Unsupported, Op: op, Err: err}
	}
	dimension := func(name, value string) types.Dimension { return types.Dimension{Name: &name, Value: &value} }
	in := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(from.Truncate(usagePeriod)), EndTime: aws.Time(to), ScanBy: types.ScanByTimestampAscending,
		MetricDataQueries: []types.MetricDataQuery{{
			Id: aws.String("calls"),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{Namespace: aws.String(usageNamespace), MetricName: aws.String(usageMetric), Dimensions: []types.Dimension{
					dimension("Type", "API"), dimension("Service", "KMS"), dimension("Class", "None"), dimension("Resource", "CryptographicOperationsSymmetric"),
				}},
				Period: aws.Int32(int32(usagePeriod / time.Second)), Stat: aws.String("Sum"),
			},
		}},
	}
	var calls []KMSCalls
	err := c.metricPages(ctx, in, usageNamespace+" "+usageMetric, func(r *types.MetricDataResult) error {
		if len(r.Timestamps) != len(r.Values) {
			return errors.New("the answer has not one value for each minute")
		}
		for i, at := range r.Timestamps {
			calls = append(calls, KMSCalls{Minute: at, Calls: r.Values[i]})
		}
		return nil
	})
	return calls, err
}

// maxMetricPages bounds the answer to one question for metrics.
const maxMetricPages = 100

// metricPages has take called with each result, of all pages of the answer. A result may be
// on several. Errors are *SetupError.
func (c *Client) metricPages(ctx context.Context, in *cloudwatch.GetMetricDataInput, subject string, take func(*types.MetricDataResult) error) error {
	const op = "GetMetricData"
	for list := (leafing{most: maxMetricPages}); ; {
		page, err := c.metrics.GetMetricData(ctx, in)
		if err != nil {
			return setupError(op, subject, err)
		}
		for i := range page.MetricDataResults {
			if err := take(&page.MetricDataResults[i]); err != nil {
				return &SetupError{Kind: Other, Op: op, Subject: subject, Err: err}
			}
		}
		token := value(page.NextToken)
		more, err := list.on(token != "", token, len(page.MetricDataResults) > 0)
		switch {
		case err != nil:
			return &SetupError{Kind: Other, Op: op, Subject: subject, Err: err}
		case !more:
			return nil
		}
		in.NextToken = page.NextToken
	}
}
