package s3api

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
)

// The quota of symmetric cryptographic requests to KMS (AWS General Reference,
// "AWS KMS endpoints and quotas", read 2026-11-21).
const (
	kmsService   = "kms"
	kmsSymmetric = "L-6E3AF000"
)

// Quota is a rate that AWS allows the caller's account in a Region.
type Quota struct {
	Rate    float64 // requests a second
	Default bool    // what every account has, not what was applied to this one
}

// Quota reads the account's quota of symmetric KMS requests, as it is applied
// to the caller's account, else as it is by default. KMS counts requests that
// S3 makes against the account of whoever asked S3.
func (c *Client) Quota(ctx context.Context) (Quota, error) {
	if err := c.elsewhere(c.quotas.Options().BaseEndpoint, "Service Quotas"); err != nil {
		return Quota{}, &SetupError{Kind: QuotaUnknown, Op: "GetServiceQuota", Err: err}
	}
	service, code := kmsService, kmsSymmetric
	applied, err := c.quotas.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	if err == nil {
		if rate, ok := perSecond(applied.Quota); ok {
			return Quota{Rate: rate}, nil
		}
		err = errors.New("the answer has no rate")
	}
	standard, err2 := c.quotas.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
	if err2 == nil {
		if rate, ok := perSecond(standard.Quota); ok {
			return Quota{Rate: rate, Default: true}, nil
		}
		err2 = errors.New("the answer has no rate")
	}
	return Quota{}, &SetupError{Kind: QuotaUnknown, Op: "GetServiceQuota", Subject: kmsService + "/" + kmsSymmetric,
		Code: answerOf(err).code, Err: fmt.Errorf("neither applied (%w) nor default (%w)", err, err2)}
}

// perSecond returns a quota as a rate; false where it is none.
func perSecond(q *types.ServiceQuota) (float64, bool) {
	if q == nil || q.Value == nil || !(*q.Value > 0) {
		return 0, false
	}
	seconds := 1.0
	if p := q.Period; p != nil {
		unit, ok := map[types.PeriodUnit]float64{
			types.PeriodUnitMicrosecond: 1e-6, types.PeriodUnitMillisecond: 1e-3, types.PeriodUnitSecond: 1,
			types.PeriodUnitMinute: 60, types.PeriodUnitHour: 3600, types.PeriodUnitDay: 86400, types.PeriodUnitWeek: 7 * 86400,
		}[p.PeriodUnit]
		if n := value(p.PeriodValue); ok && n > 0 {
			seconds = unit * float64(n)
		}
	}
	return *q.Value / seconds, true
}

// Identity is whose credentials requests are signed with.
type Identity struct {
	Account string // 12 digits
	ARN     string
	Role    string // of a role session: the ARN of its role, path included; "" where Client.Role was not asked
}
