package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"reseal/control"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job/status"
)

// The texts that tell KMS's throttles from S3's, as they were seen in the field.
const (
	saysS3  = "Please reduce your request rate."
	saysKMS = "Please reduce your request rate for operations involving AWS KMS."
)

// TestEveryErrorClass plays each way in which S3 and KMS throttle, hiccup and
// refuse through a whole run against the simulator, and looks at the reaction:
// which limiter slowed down, whether requests were sent again, whether the run
// went on or ended, and what it said. Whatever happens, nothing is copied twice
// and nothing is lost: the same command finishes once the fault is gone.
func TestEveryErrorClass(t *testing.T) {
	t.Parallel()
	const objects, hits = 40, 6
	const (
		nobody = iota
		kms
		writes
		reads
	)
	type outcome struct {
		slower int // limiter
		code   int
		again  bool   // the request was sent again
		failed int64  // objects, at most
		says   string // on stderr
		hint   string // as well
		most   int64  // requests that met the fault, 0: as many as it hits
	}
	again, stops := outcome{again: true}, func(says string) outcome { return outcome{code: exitFatal, says: says, most: 64} }
	throttled := func(who int) outcome { return outcome{slower: who, again: true} }
	for _, tt := range []struct {
		name  string
		fault simulator.Fault
		want  outcome
	}{
		{"SlowDown of KMS through S3", simulator.Fault{Code: "SlowDown", HTTPStatus: 503, Message: saysKMS, Count: hits}, throttled(kms)},
		{"SlowDown of S3, writing", simulator.Fault{Code: "SlowDown", HTTPStatus: 503, Message: saysS3, Count: hits}, throttled(writes)},
		{"SlowDown of S3, reading", simulator.Fault{Op: "HeadObject", Code: "SlowDown", HTTPStatus: 503, Message: saysS3, Count: hits}, throttled(reads)},
		{"200 with SlowDown of S3", simulator.Fault{Code: "SlowDown", HTTPStatus: 503, Message: saysS3, Directive: simulator.InsideOK, Count: hits}, throttled(writes)},
		{"200 with SlowDown of KMS", simulator.Fault{Code: "SlowDown", HTTPStatus: 503, Message: saysKMS, Directive: simulator.InsideOK, Count: hits}, throttled(kms)},
		{"ThrottlingException of KMS", simulator.Fault{Code: "ThrottlingException", HTTPStatus: 400,
			Message: "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.", Count: hits}, throttled(kms)},
		{"KMS.ThrottlingException", simulator.Fault{Code: "KMS.ThrottlingException", HTTPStatus: 400, Message: "Rate exceeded", Count: hits}, throttled(kms)},
		{"503 ServiceUnavailable", simulator.Fault{Code: "ServiceUnavailable", HTTPStatus: 503, Message: "Reduce your request rate.", Count: hits}, throttled(writes)},
		{"500", simulator.Fault{Code: "InternalError", HTTPStatus: 500, Count: hits}, again},
		{"200 with InternalError", simulator.Fault{Code: "InternalError", HTTPStatus: 500, Directive: simulator.InsideOK, Count: hits}, again},
		{"502", simulator.Fault{Code: "BadGateway", HTTPStatus: 502, Count: hits}, again},
		{"504", simulator.Fault{Code: "GatewayTimeout", HTTPStatus: 504, Count: hits}, again},
		{"RequestTimeout", simulator.Fault{Code: "RequestTimeout", HTTPStatus: 400, Message: "Your socket connection to the server was not read from or written to within the timeout period.", Count: hits}, again},
		{"connection reset", simulator.Fault{Directive: simulator.ResetConn, Count: hits}, again},
		{"answer cut off", simulator.Fault{Code: "CutOff", Directive: simulator.TruncateBody, Count: hits}, again}, // its code is for the books only
		{"RequestTimeTooSkewed", simulator.Fault{Code: "RequestTimeTooSkewed", HTTPStatus: 403, Message: "The difference between the request time and the current time is too large.", Count: hits}, again},
		{"OperationAborted", simulator.Fault{Code: "OperationAborted", HTTPStatus: 409, Count: hits}, again},
		{"expired credentials of the environment", simulator.Fault{Code: "ExpiredToken", HTTPStatus: 400, Message: "The provided token has expired."}, stops("expired")},
		{"credentials refused", simulator.Fault{Code: "InvalidAccessKeyId", HTTPStatus: 403}, stops("InvalidAccessKeyId")},
		{"key disabled", simulator.Fault{Code: "KMS.DisabledException", HTTPStatus: 400, Message: simaws.Key + " is disabled."}, stops("aws kms enable-key --key-id " + simaws.Key)},
		{"key pending deletion", simulator.Fault{Code: "KMS.KMSInvalidStateException", HTTPStatus: 400, Message: simaws.Key + " is pending deletion."}, stops("pending deletion")},
		{"no such key", simulator.Fault{Code: "KMS.NotFoundException", HTTPStatus: 400, Message: "Invalid keyId"}, stops("aws kms list-aliases --region us-east-1")},
		{"no bucket", simulator.Fault{Code: "NoSuchBucket", HTTPStatus: 404}, stops("NoSuchBucket")},
		{"no permission to use the key", simulator.Fault{Code: "AccessDenied", HTTPStatus: 403,
			Message: "User: " + simaws.Administrator + " is not authorized to perform: kms:GenerateDataKey on resource: " + simaws.Key},
			outcome{code: exitFatal, says: "kms:GenerateDataKey", hint: "reseal permissions", failed: objects, most: 2 * objects}}, // each is denied by itself: there are too few to tell a prefix from all
		{"one object denied", simulator.Fault{Code: "AccessDenied", HTTPStatus: 403, Key: "*0000000007*"}, outcome{code: exitFailures, failed: 1, most: 4}},
		{"one object that never works", simulator.Fault{Code: "InvalidTag", HTTPStatus: 400, Key: "*0000000007*"}, outcome{code: exitFailures, failed: 1, most: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // most of it waits before a request is sent again
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
			sim := w.sim
			if tt.fault.Op == "" {
				tt.fault.Op = "CopyObject"
			}
			if tt.fault.HTTPStatus == 0 {
				tt.fault.HTTPStatus = 500
			}
			var id int
			sim.Locked(func(w *simulator.World) { id = w.AddFault(tt.fault) })
			job := filepath.Join(t.TempDir(), "job")
			run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet", "--json", "--no-canary", "--bucket-key-enabled=false",
				"--inspect-all", "--accept", "weak-conditions", "--accept", "drops-expires", "--kms-rps", "2000", "--concurrency", "16"}
			code, out, messages := w.result(run...)
			var met int64
			sim.Locked(func(w *simulator.World) {
				met = w.FaultHits(id)
				w.RemoveFault(id)
			})
			if code != tt.want.code || !strings.Contains(messages, tt.want.says) || !strings.Contains(messages, tt.want.hint) {
				t.Errorf("exit code %d, want %d, saying %q and %q:\n%s", code, tt.want.code, tt.want.says, tt.want.hint, messages)
			}
			most := tt.want.most
			if most == 0 {
				most = tt.fault.Count
			}
			if met == 0 || met > most {
				t.Errorf("%d requests met the fault, want 1 to %d", met, most)
			}
			var s status.Status
			if err := json.Unmarshal([]byte(out), &s); err != nil || s.Run == nil {
				t.Fatalf("%v:\n%s", err, out)
			}
			for who, u := range map[int]control.QuotaUsage{kms: s.Run.KMS, writes: s.Run.Writes, reads: s.Run.Reads} {
				if slower := u.Throttled > 0; slower != (tt.want.slower == who) || slower && u.Throttled != met {
					t.Errorf("limiter %d took %d throttles, want all %d of them: %t", who, u.Throttled, met, tt.want.slower == who)
				}
			}
			if (s.Run.Retries > 0) != tt.want.again || tt.want.again && s.Run.Retries != met {
				t.Errorf("%d requests were sent again, of %d that met the fault; want as many: %t", s.Run.Retries, met, tt.want.again)
			}
			if code == exitFatal && s.Failed > 0 && !strings.Contains(messages, "retry-failed") {
				t.Errorf("%d objects failed, and it does not say what helps them:\n%s", s.Failed, messages)
			}
			if s.Failed > tt.want.failed || tt.want.failed > 0 && s.Failed == 0 {
				t.Errorf("%d objects failed, want %d at most", s.Failed, tt.want.failed)
			}
			// Objects that failed are only tried again when that is asked for.
			retry := []string{"retry-failed", "--job", job, "--quiet", "--accept", "weak-conditions", "--accept", "drops-expires"}
			want := exitDone
			if s.Failed > 0 {
				want = exitFailures
			}
			if code, _, messages = w.result(run...); code != want {
				t.Errorf("once the fault was gone: exit code %d, want %d:\n%s", code, want, messages)
			}
			if s.Failed > 0 {
				if code, _, messages = w.result(retry...); code != exitDone {
					t.Errorf("retry-failed: exit code %d:\n%s", code, messages)
				}
			}
			if histogram := sim.Rewrites(scriptBucket); histogram[1] != objects || len(histogram) != 1 {
				t.Errorf("objects by number of copies: %v, want all %d once", histogram, objects)
			}
		})
	}
}
