package options

import (
	"strings"
	"testing"

	"reseal/plan"
)

func TestFromKeyErrors(t *testing.T) {
	const id = "1234abcd-12ab-34cd-56ef-1234567890ab"
	for _, tt := range []struct {
		from  string
		rekey bool
		sse   string
		want  string // part of the error, "" for none
	}{
		{"arn:aws:kms:eu-west-1:111122223333:key/a", true, plan.TargetKMS, ""},
		{"arn:aws:kms:eu-west-1:111122223333:key/a", false, plan.TargetAES256, ""},
		{"arn:aws:kms:eu-west-1:111122223333:key/a", false, plan.TargetKMS, "--rekey"},
		{"alias/a", true, plan.TargetKMS, "describe-key"},
		{"", true, plan.TargetKMS, "want the ARN"},
		{id, true, plan.TargetKMS, "nothing would change"},
	} {
		o := plan.Options{KMSKeyID: id, SSE: tt.sse, Rekey: tt.rekey, FromKeys: []string{tt.from}}
		var texts []string
		for _, err := range fromKeyErrors(&o) {
			texts = append(texts, err.Error())
		}
		if got := strings.Join(texts, "; "); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%q, --rekey %v, --sse %s: %q, want %q", tt.from, tt.rekey, tt.sse, got, tt.want)
		}
	}
	if errs := fromKeyErrors(&plan.Options{}); errs != nil {
		t.Error(errs)
	}
}
