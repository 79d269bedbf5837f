package simulator

import (
	"strings"
	"time"
)

// The errors of this file are those of the KMS and Service Quotas APIs, not S3's.

// kmsCall takes one direct KMS or Service Quotas request through faults and counters.
func kmsCall[T any](w *World, now time.Time, op Op, p Principal, key string, do func(*call) (T, *Error)) (T, *Error) {
	c := call{w: w, now: w.clock(now), op: op, req: &Request{Principal: p}, key: key}
	var out T
	err := w.faults.strike(&c, false)
	if err == nil {
		out, err = do(&c)
	}
	return out, c.leave(err)
}

// DescribeKey finds a key by id, ARN, alias or alias ARN. It does not count against the cryptographic quota.
func (w *World) DescribeKey(now time.Time, p Principal, keyID string) (Key, *Error) {
	return kmsCall(w, now, OpDescribeKey, p, keyID, func(c *call) (Key, *Error) {
		k, err := w.findKey(w.cfg.Region, c.account(), keyID)
		if err != nil {
			return Key{}, err
		}
		if err := w.allowKey(p, "DescribeKey", k, "", "", nil); err != nil {
			return Key{}, err
		}
		return *k, nil
	})
}

// ListAliases returns the aliases (alias/x) of the requester's account with their key ARNs; those of one key when keyID
// is set.
func (w *World) ListAliases(now time.Time, p Principal, keyID string) (map[string]string, *Error) {
	return kmsCall(w, now, OpListAliases, p, keyID, func(c *call) (map[string]string, *Error) {
		var only string
		if keyID != "" {
			k, err := w.findKey(w.cfg.Region, c.account(), keyID)
			if err != nil {
				return nil, err
			}
			only = k.ARN
		}
		out := map[string]string{}
		for alias, arn := range w.kms.aliases {
			name, ours := strings.CutPrefix(alias, aliasARN(w.cfg.Region, c.account(), ""))
			if ours && (only == "" || only == arn) {
				out[name] = arn
			}
		}
		return out, nil
	})
}

// ServiceQuota is the part of a Quota answer that clients read.
type ServiceQuota struct {
	ServiceCode, QuotaCode, Name, Unit string
	Value                              float64
	Adjustable                         bool
}

// kmsQuotaCode is "Cryptographic operations (symmetric) request rate" (AWS General Reference, kms, read 2026-11-21).
const kmsQuotaCode = "L-6E3AF000"

// defaultKMSQuota is the Region's default, in requests a second (AWS General Reference, kms, read 2026-11-21).
func defaultKMSQuota(region string) float64 {
	switch region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 100_000
	case "us-east-2", "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-south-2", "eu-west-2":
		return 20_000
	}
	return 10_000
}

// ListServiceQuotas answers ListServiceQuotas, or ListAWSDefaultServiceQuotas with awsDefault: the quotas of a service
// that the world has. The first list leaves out what was never applied.
func (w *World) ListServiceQuotas(now time.Time, p Principal, service string, awsDefault bool) ([]ServiceQuota, *Error) {
	return kmsCall(w, now, OpListServiceQuotas, p, service, func(c *call) ([]ServiceQuota, *Error) {
		action := "servicequotas:ListServiceQuotas"
		if awsDefault {
			action = "servicequotas:ListAWSDefaultServiceQuotas"
		}
		if err := w.AllowOther(p, action, "*", c.account()); err != nil {
			return nil, err
		}
		if service != "kms" {
			return nil, fail(400, "NoSuchResourceException", "The request failed because the specified service does not exist.")
		}
		if q, ok := w.kmsQuota(awsDefault); ok {
			return []ServiceQuota{q}, nil
		}
		return nil, nil
	})
}

// GetServiceQuota answers GetServiceQuota, or GetAWSDefaultServiceQuota with awsDefault.
func (w *World) GetServiceQuota(now time.Time, p Principal, service, code string, awsDefault bool) (ServiceQuota, *Error) {
	return kmsCall(w, now, OpGetServiceQuota, p, service+"/"+code, func(c *call) (ServiceQuota, *Error) {
		action := "servicequotas:GetServiceQuota"
		if awsDefault {
			action = "servicequotas:GetAWSDefaultServiceQuota"
		}
		if err := w.AllowOther(p, action, "*", c.account()); err != nil {
			return ServiceQuota{}, err
		}
		missing := fail(400, "NoSuchResourceException", "The request failed because the specified service quota does not exist.")
		if service != "kms" || code != kmsQuotaCode {
			return ServiceQuota{}, missing
		}
		q, ok := w.kmsQuota(awsDefault)
		if !ok {
			return ServiceQuota{}, missing
		}
		return q, nil
	})
}

// kmsQuota is the quota of symmetric requests, false where it has no applied value.
func (w *World) kmsQuota(awsDefault bool) (ServiceQuota, bool) {
	q := ServiceQuota{ServiceCode: "kms", QuotaCode: kmsQuotaCode, Name: "Cryptographic operations (symmetric) request rate",
		Unit: "None", Adjustable: true, Value: defaultKMSQuota(w.cfg.Region)}
	switch applied := w.cfg.ServiceQuotaApplied; {
	case awsDefault:
	case applied < 0:
		return ServiceQuota{}, false
	case applied > 0:
		q.Value = applied
	case w.cfg.KMSRequestsPerSecond > 0:
		q.Value = float64(w.cfg.KMSRequestsPerSecond)
	}
	return q, true
}
