package control

import (
	"fmt"
	"strings"
	"time"

	"reseal/report"
)

// Limit names what can hold a run back. The names are part of the JSON interface
// (docs/control.md) and of the metrics.
type Limit string

// The limits that can bind a run.
const (
	LimitKMSCap      Limit = "kms-cap"
	LimitKMSThrottle Limit = "kms-throttled"
	LimitKMSRise     Limit = "kms-rising"
	LimitS3Cap       Limit = "s3-cap"
	LimitS3Throttle  Limit = "s3-throttled"
	LimitS3Rise      Limit = "s3-rising"
	LimitConcurrency Limit = "concurrency"
	LimitSlots       Limit = "slots"   // the governor needs no more in flight
	LimitTail        Limit = "tail"    // the last requests, which are not answered yet
	LimitSilence     Limit = "silence" // no request gets an answer
	LimitReader      Limit = "reader"  // the report is not read fast enough
	LimitWindow      Limit = "window"
	LimitFlagFile    Limit = "flag-file"
	LimitOperator    Limit = "operator"
	LimitEndpoint    Limit = "endpoint"
	LimitCredentials Limit = "credentials"
	LimitDrain       Limit = "drain"
	LimitNone        Limit = "none" // not known yet
)

// Limits returns all limits.
func Limits() []Limit {
	return []Limit{LimitKMSCap, LimitKMSThrottle, LimitKMSRise, LimitS3Cap, LimitS3Throttle, LimitS3Rise, LimitConcurrency,
		LimitSlots, LimitTail, LimitSilence, LimitReader, LimitWindow, LimitFlagFile, LimitOperator, LimitEndpoint, LimitCredentials, LimitDrain, LimitNone}
}

// Binding is the limit that holds a run back: which, how tight, since when.
type Binding struct {
	Limit  Limit     `json:"limit"`
	Quota  string    `json:"quota,omitempty"`  // s3 writes or s3 reads, where S3 is it
	Prefix string    `json:"prefix,omitempty"` // key prefix, where it is only one
	Rate   float64   `json:"rate"`             // requests a second, or objects in flight, that it allows; 0: it is no rate
	Detail string    `json:"detail,omitempty"` // for people
	Since  time.Time `json:"since"`
}

// String is a phrase for people, after "bound by".
func (b Binding) String() string {
	text := b.phrase()
	switch b.Limit {
	case LimitTail, LimitS3Throttle, LimitKMSThrottle, LimitS3Rise, LimitKMSRise:
		if b.Detail != "" {
			text += "; " + b.Detail
		}
	}
	return text
}

func (b Binding) phrase() string {
	quota := strings.ToUpper(b.Quota[:min(len(b.Quota), 2)]) + b.Quota[min(len(b.Quota), 2):] // S3 writes
	under, now := "", ""
	if b.Prefix != "" {
		under = fmt.Sprintf(" under %q", b.Prefix)
	}
	if b.Rate > 0 {
		now = fmt.Sprintf(", %s now", report.Rate(b.Rate))
	}
	switch b.Limit {
	case LimitKMSCap:
		return "the KMS cap of " + report.Rate(b.Rate)
	case LimitKMSThrottle:
		return "KMS throttling" + now
	case LimitKMSRise:
		return "the KMS rate, which is still rising" + now
	case LimitS3Cap:
		return fmt.Sprintf("the cap on %s%s of %s", quota, under, report.Rate(b.Rate))
	case LimitS3Throttle:
		return "throttling of " + quota + under + now
	case LimitS3Rise:
		return "the rate of " + quota + under + ", which is still rising" + now
	case LimitConcurrency:
		return "--concurrency, " + report.Plural(int64(b.Rate), "object") + " in flight"
	case LimitSlots:
		return "adaptive slots, " + report.Plural(int64(b.Rate), "object") + " in flight, as many as rate and latency need"
	case LimitTail:
		return "requests that are not answered yet, of the last " + report.Plural(int64(b.Rate), "object")
	case LimitSilence:
		return "an endpoint that gives no answer, since " + report.Duration(time.Since(b.Since).Round(time.Second))
	case LimitReader:
		return "the reading of the report"
	case LimitWindow, LimitFlagFile, LimitOperator:
		return "a pause (" + b.Detail + ")"
	case LimitEndpoint:
		return "an endpoint that does not answer"
	case LimitCredentials:
		return "credentials that have expired"
	case LimitDrain:
		return "draining"
	}
	return "nothing yet"
}
