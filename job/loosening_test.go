package job

import "testing"

// Whatever permits more than what holds, a default included, counts as looser.
func TestLooser(t *testing.T) {
	defaults := map[string]string{"kms-share": "50%", "concurrency": "1024", "attempts": "12", "max-outage": "1h0m0s", "s3-rps": "3500", "drain-timeout": "2m0s",
		"bucket-key-weight": "1", "results": "all", "snapshot": "1000"}
	e := Effective{Quota: 10_000, Default: func(option string) string { return defaults[option] }}
	for _, tt := range []struct {
		name         string
		before, give Told
		option       string
		want         bool
	}{
		{"rate over a share", Told{"kms-share": {"10%"}}, Told{"kms-rps": {"90000"}}, "kms-rps", true},
		{"rate below a share", Told{"kms-share": {"10%"}}, Told{"kms-rps": {"900"}}, "kms-rps", false},
		{"share below a rate", Told{"kms-rps": {"90000"}}, Told{"kms-share": {"5%"}}, "kms-share", false},
		{"share over a rate", Told{"kms-rps": {"100"}}, Told{"kms-share": {"5%"}}, "kms-share", true},
		{"share over the default", nil, Told{"kms-share": {"100%"}}, "kms-share", true},
		{"share as a fraction", nil, Told{"kms-share": {"0.5"}}, "kms-share", false},
		{"rate over the default", nil, Told{"kms-rps": {"5001"}}, "kms-rps", true},
		{"rate taken away", Told{"kms-rps": {"100"}}, Told{"kms-rps": {""}}, "kms-rps", true},
		{"concurrency", nil, Told{"concurrency": {"20000"}}, "concurrency", true},
		{"less concurrency", nil, Told{"concurrency": {"20"}}, "concurrency", false},
		{"attempts", nil, Told{"attempts": {"100"}}, "attempts", true},
		{"outage", nil, Told{"max-outage": {"48h"}}, "max-outage", true},
		{"S3 rate", nil, Told{"s3-rps": {"5000"}}, "s3-rps", true},
		{"drain", nil, Told{"drain-timeout": {"10m"}}, "drain-timeout", true},
		{"weight", nil, Told{"bucket-key-weight": {"0.5"}}, "bucket-key-weight", true},
		{"no budget", Told{"max-cost": {"5"}}, Told{"max-cost": {""}}, "max-cost", true},
		{"first budget", nil, Told{"max-cost": {"5"}}, "max-cost", false},
		{"share of failures for a number", Told{"max-failures": {"5"}}, Told{"max-failures": {"5%"}}, "max-failures", true},
		{"one more hazard", Told{"accept": {"a"}}, Told{"accept": {"a", "b"}}, "accept", true},
		{"first window", nil, Told{"window": {"22:00-06:00"}}, "window", false},
		{"narrower window", Told{"window": {"22:00-06:00"}}, Told{"window": {"23:00-05:00"}}, "window", false},
		{"the same window over midnight", Told{"window": {"22:00-24:00"}}, Told{"window": {"22:00-00:00"}}, "window", false},
		{"wider window", Told{"window": {"22:00-06:00"}}, Told{"window": {"22:00-06:01"}}, "window", true},
		{"another window", Told{"window": {"22:00-06:00"}}, Told{"window": {"12:00-13:00"}}, "window", true},
		{"window of another place", Told{"window": {"22:00-06:00@Europe/Berlin"}}, Told{"window": {"23:00-05:00@Europe/London"}}, "window", true},
		{"fewer result lines", nil, Told{"results": {"failures"}}, "results", true},
		{"more result lines", Told{"results": {"failures"}}, Told{"results": {"all"}}, "results", false},
		{"result lines as by default", Told{"results": {"failures"}}, Told{"results": {""}}, "results", false},
		{"no share", Told{"kms-share": {"10%"}}, Told{"kms-share": {""}}, "kms-share", true},
		{"fewer snapshots", nil, Told{"snapshot": {"0"}}, "snapshot", true},
		{"more snapshots", Told{"snapshot": {"1%"}}, Told{"snapshot": {"2%"}}, "snapshot", false},
		{"other prices under a limit", Told{"max-cost": {"5"}}, Told{"prices": {"p.json"}}, "prices", true},
		{"other prices without a limit", nil, Told{"prices": {"p.json"}}, "prices", false},
		{"no window", Told{"window": {"22:00-06:00"}}, Told{"window": {""}}, "window", true},
	} {
		after := Told{}
		for _, told := range []Told{tt.before, tt.give} {
			for name, values := range told {
				after[name] = values
			}
		}
		for _, name := range Replaced(tt.give) {
			delete(after, name)
		}
		if got := e.Rules().Looser(tt.option, tt.before, after); got != tt.want {
			t.Errorf("%s: looser %v, want %v", tt.name, got, tt.want)
		}
	}
}
