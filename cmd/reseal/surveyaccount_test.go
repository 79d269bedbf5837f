package main

import (
	"os"
	"testing"
)

// TestSoakSurvey says how long a survey of 1,000 buckets takes where each request takes 20 ms,
// also where some buckets are silent (testdata/clients/survey_account.py). It takes minutes.
func TestSoakSurvey(t *testing.T) {
	if os.Getenv("RESEAL_SOAK") == "" {
		t.Skip("SKIPPED, NOT PASSED: this takes minutes. To run it: RESEAL_SOAK=1 go test -count=1 -timeout 60m -v -run SoakSurvey ./cmd/reseal")
	}
	clientScript(t, "survey_account.py", "--buckets", "1000", "--latency", "20ms", "--broken")
}

// TestSurveyAccount is the same of thirty buckets that all answer.
func TestSurveyAccount(t *testing.T) {
	t.Parallel()
	clientScript(t, "survey_account.py", "--buckets", "30", "--latency", "1ms", "--runs", "1")
}
