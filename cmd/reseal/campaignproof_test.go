package main

import (
	"os"
	"os/exec"
	"testing"
)

// TestSoakCampaign: all that a whole account needs, together, seen from outside: a survey, a
// campaign until clean over 50 buckets of three kinds of source, with live writers and two
// SIGKILLs, the buckets closed, and a certificate of each. boto3, the AWS CLI, sha256sum and
// ssh-keygen say whether it holds (testdata/clients/campaign_proof.py). It takes minutes.
func TestSoakCampaign(t *testing.T) {
	if os.Getenv("RESEAL_SOAK") == "" {
		t.Skip("SKIPPED, NOT PASSED: this takes minutes. To run it: RESEAL_SOAK=1 go test -count=1 -timeout 60m -v -run SoakCampaign ./cmd/reseal")
	}
	proveCampaign(t, "--buckets", "50", "--objects", "60", "--writers", "2", "--kms-rps", "200")
}

// TestCampaignProof is the same of three buckets, one of each source, one after the other: so
// a kill leaves some alone, which are certified.
func TestCampaignProof(t *testing.T) {
	t.Parallel()
	proveCampaign(t, "--buckets", "3", "--objects", "12", "--parallel-buckets", "1")
}

func proveCampaign(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("SKIPPED, NOT PASSED: this needs ssh-keygen; apt-get install openssh-client")
	}
	clientScript(t, "campaign_proof.py", args...)
}

// clientScript runs a script of testdata/clients, which sees the program as a client does.
func clientScript(t *testing.T, name string, args ...string) {
	t.Helper()
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import boto3").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs a python3 with boto3; apt-get install python3-boto3")
	}
	cmd := exec.Command(python, append([]string{"testdata/clients/" + name, "reseal"}, args...)...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%v", err)
	}
}
