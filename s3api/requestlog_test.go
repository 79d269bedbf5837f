package s3api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// loggedRequest is a line about a request.
type loggedRequest struct {
	Level, Msg, Service, Operation, Bucket, Key, Error string
	Status, Attempt                                    int
	RequestID                                          string `json:"request_id"`
	MS                                                 *float64
}

func linesOf(t *testing.T, text string) (out []loggedRequest) {
	t.Helper()
	for line := range strings.Lines(text) {
		var l loggedRequest
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, l)
	}
	return out
}

// requestPaths are the ways that a request takes to the endpoint.
func requestPaths(t *testing.T, url string) map[string]*Rewriter {
	hermetic(t)
	t.Setenv("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaDsessiontoken")
	out := map[string]*Rewriter{}
	for _, via := range []string{"http1", "net-http", "sdk"} {
		c, err := New(t.Context(), Config{EndpointURL: url, Region: "eu-west-1", SDKClient: via == "sdk"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.CloseIdle)
		r, err := c.Rewriter(RewriteConfig{Options: anOptions(), Facts: aFacts()})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case via == "sdk" && r.slim != nil, via != "sdk" && r.slim == nil, via == "http1" && r.slim.http1 == nil:
			t.Fatalf("no path over %s", via)
		case via == "net-http":
			r.slim.http1 = nil
		}
		out[via] = r
	}
	return out
}

// TestEachRequestIsLogged: whatever way a request takes, there is one line for it and
// for each repeat, and no secret in it.
func TestEachRequestIsLogged(t *testing.T) {
	const key, id = "a\x1b[31m\u202e b/%c.txt", "4A9C2E7B5D1F8036"
	s := serve(t, func(r request) reply {
		h := map[string]string{headerRequestID: id}
		switch r.operation() {
		case "copy":
			return reply{header: h, body: okCopy}
		case "GET tagging":
			return reply{status: http.StatusServiceUnavailable, header: h, body: "<Error><Code>SlowDown</Code></Error>"}
		}
		return reply{header: h}
	})
	name, source, arn, on, wanted := bucket, bucket+"/k", keyARN, true, key
	customer, sum := "c2VjcmV0LWN1c3RvbWVyLWtleQ==", "bWQ1LW9mLXRoZS1rZXk="
	for via, r := range requestPaths(t, s.URL) {
		var text bytes.Buffer
		r.client.LogTo(slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
		ctx := t.Context()
		before := len(s.requests())
		_, err1 := r.objects().HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: &wanted})
		_, err2 := r.objects().CopyObject(ctx, &s3.CopyObjectInput{Bucket: &name, Key: &wanted, CopySource: &source})
		_, err3 := r.objects().UpdateObjectEncryption(ctx, &s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &wanted,
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &arn, BucketKeyEnabled: &on}}})
		_, err4 := r.objects().HeadObject(ctx, &s3.HeadObjectInput{Bucket: &name, Key: &wanted,
			SSECustomerAlgorithm: aws.String("AES256"), SSECustomerKey: &customer, SSECustomerKeyMD5: &sum})
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatalf("%s: %v", via, err)
			}
		}
		if _, err := r.client.preflight.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &name, Key: &wanted}); err == nil {
			t.Fatal("a 503 is no error")
		}
		got := linesOf(t, text.String())
		if sent := len(s.requests()) - before; sent != len(got) || sent != 4+3 {
			t.Errorf("%s: %d lines for %d requests:\n%s", via, len(got), sent, &text)
		}
		for i, operation := range []string{"HeadObject", "CopyObject", "UpdateObjectEncryption", "HeadObject", "GetObjectTagging", "GetObjectTagging", "GetObjectTagging"} {
			want := loggedRequest{Level: "DEBUG", Msg: "request", Service: "S3", Operation: operation, Bucket: bucket, Key: key, Status: 200, Attempt: 1, RequestID: id}
			if i >= 4 {
				want.Status, want.Attempt = 503, i-3
			}
			l := got[i]
			if l.MS == nil || *l.MS < 0 {
				t.Errorf("%s: no time in line %d:\n%s", via, i, &text)
			}
			if l.MS = nil; l != want {
				t.Errorf("%s: line %d is %+v\nwant %+v", via, i, l, want)
			}
		}
		for _, secret := range []string{"AKIDEXAMPLE", "wJalrXUtnFEMI", "sessiontoken", "Signature", "Credential", customer, sum, "Authorization", "http://"} {
			if strings.Contains(text.String(), secret) {
				t.Errorf("%s: %s is in the log:\n%s", via, secret, &text)
			}
		}
	}
}

// TestRequestsWithoutAnAnswerAreLogged: with why, and the number of the attempt.
func TestRequestsWithoutAnAnswerAreLogged(t *testing.T) {
	s := serve(t, func(request) reply { return reply{hangup: true} })
	name, key, source := bucket, "k", bucket+"/k"
	for via, r := range requestPaths(t, s.URL) {
		var text bytes.Buffer
		r.client.LogTo(slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
		if _, err := r.objects().CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source}); err == nil {
			t.Fatal("no answer is no error")
		}
		if got := linesOf(t, text.String()); len(got) != 1 || got[0].Error == "" || got[0].Status != 0 || got[0].Attempt != 1 || strings.Contains(got[0].Error, s.URL) {
			t.Errorf("%s: %+v", via, got)
		}
	}
}

// TestLoggingCostsNothingWhileItIsOff: a request allocates as much where a log takes no
// debug lines as where there is none. BenchmarkCopyObject has the figures.
func TestLoggingCostsNothingWhileItIsOff(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates on its own")
	}
	for name, log := range map[string]*slog.Logger{"none": nil, "at info": slog.New(slog.NewJSONHandler(io.Discard, nil))} {
		l := new(requestLog)
		l.to.Store(log)
		stack := middleware.NewStack("GetObjectTagging", smithyhttp.NewStackRequest)
		if n := testing.AllocsPerRun(1000, func() {
			if l.on() != nil || l.named(stack) != nil {
				t.Fatal("the log is on")
			}
		}); n != 0 {
			t.Errorf("log %s: %v allocations a request", name, n)
		}
		if got := stack.Initialize.List(); len(got) != 0 {
			t.Errorf("log %s: the SDK has %q to do for each request", name, got)
		}
	}
}
