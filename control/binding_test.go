package control

import (
	"slices"
	"testing"
)

// Every limit reads well after "bound by", with its numbers in one form.
func TestBindingReads(t *testing.T) {
	for want, b := range map[string]Binding{
		"the KMS cap of 0.50/s":                                  {Limit: LimitKMSCap, Rate: 0.5},
		"KMS throttling, 96.3/s now":                             {Limit: LimitKMSThrottle, Rate: 96.345},
		"the KMS rate, which is still rising, 1,520/s now":       {Limit: LimitKMSRise, Rate: 1520},
		"the cap on S3 writes of 3,500/s":                        {Limit: LimitS3Cap, Quota: "s3 writes", Rate: 3500},
		`throttling of S3 writes under "a/", 9.94/s now`:         {Limit: LimitS3Throttle, Quota: "s3 writes", Prefix: "a/", Rate: 9.936},
		"the rate of S3 reads, which is still rising, 587/s now": {Limit: LimitS3Rise, Quota: "s3 reads", Rate: 587},
		"--concurrency, 1,024 objects in flight":                 {Limit: LimitConcurrency, Rate: 1024},
		"the reading of the report":                              {Limit: LimitReader},
		"a pause (operator, flag file stop)":                     {Limit: LimitOperator, Detail: "operator, flag file stop"},
		"an endpoint that does not answer":                       {Limit: LimitEndpoint, Detail: "endpoint does not answer, waiting for it"},
		"credentials that have expired":                          {Limit: LimitCredentials, Detail: "credentials expired, waiting for new ones"},
		"draining":                                               {Limit: LimitDrain},
		"nothing yet":                                            {Limit: LimitNone},
	} {
		if got := b.String(); got != want {
			t.Errorf("%s: %q, want %q", b.Limit, got, want)
		}
		if !slices.Contains(Limits(), b.Limit) {
			t.Errorf("%s is not among the limits", b.Limit)
		}
	}
}
