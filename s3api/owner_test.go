package s3api

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// The state of a job, and a report, go to no bucket whose owner is not the expected
// one, where S3 can tell; other endpoints get no header that they do not know.
func TestWhatIsWrittenNamesTheOwner(t *testing.T) {
	for _, aws := range []bool{true, false} {
		s := serve(t, func(r request) reply {
			if strings.Contains(r.query, "list-type") {
				return reply{body: "<ListBucketResult></ListBucketResult>"}
			}
			return reply{body: "data", header: map[string]string{"Etag": `"e"`}}
		})
		c := client(t, s.URL)
		want := ""
		if aws {
			c, want = asAWS(c), account
		}
		d := c.Documents(bucket)
		_, err := d.Put(t.Context(), "plan.json", []byte("x"), "")
		_, _, _, getErr := d.Get(t.Context(), "plan.json")
		body, openErr := d.Open(t.Context(), "results/1")
		listErr := d.List(t.Context(), "state/", func(string, int64) error { return nil })
		putErr := c.Sink(bucket, "").Put(t.Context(), "manifest.json", strings.NewReader("x"), 1)
		if err := errors.Join(err, getErr, openErr, listErr, putErr); err != nil {
			t.Fatal(err)
		}
		_ = body.Close()
		if n := len(s.requests()); n != 5 {
			t.Errorf("%d requests, want 5", n)
		}
		for _, r := range s.requests() {
			if got := r.header.Get("X-Amz-Expected-Bucket-Owner"); got != want {
				t.Errorf("AWS %v: %s %s?%s expects owner %q, want %q", aws, r.method, r.path, r.query, got, want)
			}
		}
	}
}

// By default the bucket must be the caller's; another account is named.
func TestJobsBucketIsTheCallers(t *testing.T) {
	s := simulate(t, simulator.Config{})
	if got := s.aws.ExpectingOr(t.Context(), "").Owner(); got != account {
		t.Errorf("owner %q, want the caller's, %s", got, account)
	}
	const other = "999988887777"
	d := s.aws.ExpectingOr(t.Context(), other).Documents(bucket)
	_, err := d.Put(t.Context(), "plan.json", []byte("x"), "")
	var setup *SetupError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &setup) || setup.Expected != other || !strings.Contains(err.Error(), "has to belong to account "+other) {
		t.Errorf("written to a bucket of account %s where %s was expected: %v", account, other, err)
	}
	if _, err := s.aws.ExpectingOr(t.Context(), "").Documents(bucket).Put(t.Context(), "plan.json", []byte("x"), ""); err != nil {
		t.Errorf("written to the caller's own bucket: %v", err)
	}
	if got := s.client.ExpectingOr(t.Context(), "").Owner(); got != "" {
		t.Errorf("off AWS: owner %q, want none, nor a question for it", got)
	}
}

// A refusal alone does not tell whose a bucket is: a caller without s3:ListBucket
// gets the same one.
func TestWhoseBucket(t *testing.T) {
	const caller = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::` + account + `:user/u</Arn><UserId>A</UserId><Account>` + account + `</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	for _, tt := range []struct {
		name    string
		list    bool   // s3:ListBucket is held
		config  bool   // s3:GetBucketVersioning is held
		owner   string // of the bucket
		refused bool
	}{
		{"the caller's", true, true, account, false},
		{"the caller's, not to be listed", false, true, account, false},
		{"the caller's, nothing allowed", false, false, account, false},
		{"another's", true, true, "999988887777", true},
		{"another's, not to be listed", false, true, "999988887777", true},
		{"another's, nothing allowed", false, false, "999988887777", false}, // S3 refuses each request by its owner
	} {
		var region string
		s := serve(t, func(r request) reply {
			expected := r.header.Get("X-Amz-Expected-Bucket-Owner")
			refused := expected != "" && expected != tt.owner
			switch {
			case r.method == "POST":
				return reply{body: caller}
			case r.method == "HEAD" && (refused || !tt.list), r.method == "GET" && (refused || !tt.config):
				return reply{status: 403, header: map[string]string{"X-Amz-Bucket-Region": region}, body: "<Error><Code>AccessDenied</Code></Error>"}
			case r.method == "HEAD":
				return reply{header: map[string]string{"X-Amz-Bucket-Region": region}}
			}
			return reply{body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>`}
		})
		c := asAWS(client(t, s.URL)).Expecting("")
		region = c.Region()
		got, err := c.ForBucket(t.Context(), bucket)
		if (KindOf(err) == BucketOwner) != tt.refused || !tt.refused && (err != nil || got.Owner() != account) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
