package s3api

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"reseal/engine"
	"reseal/internal/http1"
	"reseal/plan"
)

// requestLog is where a line is written for each request, at level debug. A line has
// what names the request and its answer, and nothing of its headers, its address or its
// body: they hold signatures, session tokens and keys of customers. While debug is off it
// costs a load and a comparison. The nil one is off. Safe for concurrent use.
type requestLog struct{ to atomic.Pointer[slog.Logger] }

// logger returns the log, nil where there is none.
func (l *requestLog) logger() *slog.Logger {
	if l == nil {
		return nil
	}
	return l.to.Load()
}

// on returns the log where it takes a line for each request, else nil.
func (l *requestLog) on() *slog.Logger {
	if log := l.logger(); log != nil && log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return nil
}

// sentRequest is a request that ended, as it is logged.
type sentRequest struct {
	service   string // "S3", "KMS", …
	operation string // as the service names it
	bucket    string // "" where the request is about none
	key       string
	status    int    // 0 where there was no answer
	id        string // of the request, as the service named it
	attempt   int    // from 1
	sent      time.Time
	err       error // why there was no answer
}

// write logs the request, which ends now.
func (r *sentRequest) write(log *slog.Logger) {
	const most = 128 // S3's ids have 16 to 76 characters
	attrs := append(make([]slog.Attr, 0, 9),
		slog.String("service", r.service), slog.String("operation", r.operation), slog.String("bucket", r.bucket), slog.String("key", r.key),
		slog.Int("status", r.status), slog.String("request_id", r.id[:min(len(r.id), most)]),
		slog.Float64("ms", float64(time.Since(r.sent).Microseconds())/1000), slog.Int("attempt", r.attempt))
	if r.err != nil {
		attrs = append(attrs, slog.String("error", logWords(r.err)))
	}
	log.LogAttrs(context.Background(), slog.LevelDebug, "request", attrs...)
}

// logWords is an error in one line, without credentials and addresses of requests.
func logWords(err error) string { return (&engine.ObjectError{Err: err}).Words() }

// logSent logs a request of kind k that took the short path.
func (s *slim) logSent(ctx context.Context, log *slog.Logger, k plan.StepKind, key string, got *http1.Answer, sent time.Time, err error) {
	r := sentRequest{service: "S3", operation: k.String(), bucket: s.bucket, key: key, attempt: max(1, engine.Attempt(ctx)), sent: sent, err: err}
	if err == nil {
		r.status, r.id, r.err = got.Status, requestIDOf(got.Get), got.Err
	}
	r.write(log)
}

// logRoundTrip logs a request that net/http sent for the SDK.
func logRoundTrip(log *slog.Logger, of *http.Request, response *http.Response, sent time.Time, err error) {
	ctx := of.Context()
	r := sentRequest{service: awsmiddleware.GetServiceID(ctx), operation: awsmiddleware.GetOperationName(ctx), attempt: engine.Attempt(ctx), sent: sent, err: err}
	if about, ok := middleware.GetStackValue(ctx, subjectKey{}).(*subject); ok {
		r.bucket, r.key = about.bucket, about.key
		if tries := int(about.tries.Add(1)); r.attempt == 0 { // else the SDK does not repeat
			r.attempt = tries
		}
	}
	r.attempt = max(1, r.attempt)
	if err == nil {
		r.status, r.id = response.StatusCode, requestIDOf(response.Header.Get)
	}
	r.write(log)
}

// requestIDOf is the id that an answer names its request by.
func requestIDOf(get func(string) string) string {
	if id := get(headerRequestID); id != "" {
		return id
	}
	return get(headerOtherID)
}

// subject is what a request of the SDK is about.
type subject struct {
	bucket, key string
	tries       atomic.Int64
}

type subjectKey struct{}

// named has the requests of the SDK know what they are about, while they are logged.
func (l *requestLog) named(stack *middleware.Stack) error {
	if l.on() == nil {
		return nil
	}
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Subject",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			about := &subject{bucket: member(in.Parameters, "Bucket"), key: member(in.Parameters, "Key")}
			return next.HandleInitialize(middleware.WithStackValue(ctx, subjectKey{}, about), in)
		}), middleware.After)
}

// member returns what the input of an operation has as a text of that name, "" for none.
func member(input any, name string) string {
	v := reflect.Indirect(reflect.ValueOf(input))
	if v.Kind() != reflect.Struct {
		return ""
	}
	field := v.FieldByName(name)
	if !field.IsValid() {
		return ""
	}
	text, _ := field.Interface().(*string)
	return value(text)
}
