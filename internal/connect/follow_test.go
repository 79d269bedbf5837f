package connect

import (
	"strings"
	"testing"

	"reseal/job"
)

// A job goes to where it was made, unless another place is named now, which is said.
func TestFollowsTheJobsEndpoint(t *testing.T) {
	const home, other, aws = "http://127.0.0.1:9001", "http://127.0.0.1:9002", "https://s3.eu-west-1.amazonaws.com"
	for _, tt := range []struct {
		name      string
		made      job.Plan
		flag, all string // endpoint on the command line, in AWS_ENDPOINT_URL
		all3      string // in AWS_ENDPOINT_URL_S3
		s3, kms   string // where requests go
		said      bool
	}{
		{"nothing is named", job.Plan{S3: home, KMS: home}, "", "", "", home, home, false},
		{"nothing is named, S3 alone was", job.Plan{S3: home}, "", "", "", home, "", false},
		{"the same variable", job.Plan{S3: home, KMS: home}, "", home, "", home, home, false},
		{"another variable", job.Plan{S3: home, KMS: home}, "", other, "", other, other, true},
		{"another variable for S3", job.Plan{S3: home}, "", "", other, other, "", true},
		{"another flag", job.Plan{Endpoint: home, S3: home, KMS: home}, other, "", "", other, other, true},
		{"the flag of then", job.Plan{Endpoint: home, S3: home, KMS: home}, "", other, "", home, home, false},
		{"AWS, and nothing is named", job.Plan{S3: aws}, "", "", "", "https://s3.us-east-1.amazonaws.com", "", false},
		{"AWS, and another variable", job.Plan{S3: aws}, "", other, "", other, other, true},
		{"a job of a version before", job.Plan{Endpoint: home}, "", "", "", home, home, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, value := range map[string]string{"AWS_ENDPOINT_URL": tt.all, "AWS_ENDPOINT_URL_S3": tt.all3, "AWS_REGION": "us-east-1",
				"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"} {
				t.Setenv(name, value)
			}
			c := Settings{Endpoint: tt.flag}
			note, err := c.Follow(t.Context(), &Met{plan: &tt.made})
			if err != nil {
				t.Fatal(err)
			}
			client, err := c.Client(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if e := client.Endpoint(); e.URL != tt.s3 || e.KMS != tt.kms {
				t.Errorf("S3 at %q, KMS at %q; want %q, %q", e.URL, e.KMS, tt.s3, tt.kms)
			}
			if said := strings.Contains(note, tt.made.S3+", and its requests go to "+tt.s3+" now"); said != tt.said || (note != "") != tt.said {
				t.Errorf("note %q, want one: %v", note, tt.said)
			}
		})
	}
}
