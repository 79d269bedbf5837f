package explain

import (
	"errors"
	"fmt"
	"testing"

	"reseal/engine"
	"reseal/s3api"
)

func TestAnswerOf(t *testing.T) {
	for _, tt := range []struct {
		err  engine.ObjectError
		want string
	}{
		{engine.ObjectError{Code: "AccessDenied", HTTPStatus: 403, RequestID: "R1", Said: "explicit\ndeny"}, "AccessDenied (403, request id R1): explicit deny"},
		{engine.ObjectError{Op: "HeadObject", Code: "NotFound", HTTPStatus: 404, Err: errors.New("operation error S3")}, "HeadObject NotFound (404)"},
		{engine.ObjectError{Code: "NetworkError", Err: errors.New("operation error S3: CopyObject, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Put \"http://h/k\": EOF")},
			"no answer: EOF"},
	} {
		if got := AnswerOf(&tt.err); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestWords(t *testing.T) {
	const sdk = "operation error S3: HeadBucket, https response error StatusCode: 404, RequestID: 16Q4, HostID: uNXA/fJ1+AA, NotFound: "
	denied := &engine.ObjectError{Op: "CopyObject", Bucket: "b", Key: "k", Class: engine.Denied,
		Err: errors.New("operation error S3: CopyObject, https response error StatusCode: 403, RequestID: R1, HostID: H=, api error AccessDenied: not authorized: explicit deny")}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"no bucket", fmt.Errorf("%w", &s3api.SetupError{Kind: s3api.NoBucket, Op: "HeadBucket", Subject: "nosuch", Err: errors.New(sdk)}),
			"bucket nosuch does not exist (404 NotFound, request id 16Q4)"},
		{"no bucket of a key", fmt.Errorf("open job: %w", &s3api.SetupError{Kind: s3api.NoBucket, Op: "GetObject", Subject: "s3://nosuch/j/plan.json", Err: errors.New(sdk)}),
			"open job: bucket nosuch does not exist (404 NotFound, request id 16Q4)"},
		{"joined", errors.Join(errors.New("one"), &s3api.SetupError{Kind: s3api.NoBucket, Subject: "b", Err: errors.New(sdk)}),
			"one\nbucket b does not exist (404 NotFound, request id 16Q4)"},
		{"nothing said", fmt.Errorf("%w; and more", &s3api.SetupError{Kind: s3api.Other, Op: "HeadBucket", Subject: "b", Err: errors.New(sdk)}),
			"HeadBucket b: NotFound (404, request id 16Q4); and more"},
		{"no host", errors.New("DescribeKey k: operation error KMS: DescribeKey, https response error StatusCode: 400, RequestID: R2, NotFoundException: Key 'k' does not exist"),
			"DescribeKey k: NotFoundException (400, request id R2): Key 'k' does not exist"},
		{"code with a dot", errors.New("CopyObject k: operation error S3: CopyObject, https response error StatusCode: 400, RequestID: R3, HostID: H, api error KMS.NotFoundException: Invalid keyId"),
			"CopyObject k: KMS.NotFoundException (400, request id R3): Invalid keyId"},
		{"code with a colon", errors.New("operation error S3: CopyObject, https response error StatusCode: 400, RequestID: R4, HostID: H, api error kms:KeyNotFound: no key"),
			"kms:KeyNotFound (400, request id R4): no key"},
		{"no answer", errors.New(`read: operation error S3: GetObject, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused`),
			"read: no answer: dial tcp 127.0.0.1:1: connect: connection refused"},
		{"no code", errors.New("x: operation error S3: GetObject, https response error StatusCode: 502, RequestID: , HostID: , the answer cannot be read: it breaks off"),
			"x: status 502: the answer cannot be read: it breaks off"},
		{"one object denied", denied, `CopyObject s3://b/"k": AccessDenied (403, request id R1): not authorized: explicit deny`},
		{"many objects denied", fmt.Errorf("%w; everything done is recorded", &engine.BreakerError{Seen: 10, Err: denied}),
			`stopped, as access to 10 objects was denied and none could be done: CopyObject s3://b/"k": AccessDenied (403, request id R1): not authorized: explicit deny; everything done is recorded`},
		{"words of our own", errors.New("--job is needed"), "--job is needed"},
	} {
		if got := Words(tt.err); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}
