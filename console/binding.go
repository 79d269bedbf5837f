package console

import (
	"strings"

	"reseal/control"
)

// Briefly is a few words for people, after "bound by".
func Briefly(b control.Binding) string {
	if text := throttledKey(b); text != "" {
		return text
	}
	switch b.Limit {
	case control.LimitKMSCap:
		return "KMS cap"
	case control.LimitKMSThrottle:
		return "KMS throttling"
	case control.LimitKMSRise:
		return "rising KMS rate"
	case control.LimitS3Cap:
		return "S3 cap"
	case control.LimitS3Throttle:
		return "S3 throttling"
	case control.LimitS3Rise:
		return "rising S3 rate"
	case control.LimitConcurrency:
		return "concurrency"
	case control.LimitSlots:
		return "adaptive slots"
	case control.LimitTail:
		return "the last answers"
	case control.LimitSilence:
		return "a silent endpoint"
	}
	return b.String()
}

// throttledKey names the request that is throttled again and again, "" for none. The
// end of its key tells it apart; the whole is in status and in the log.
func throttledKey(b control.Binding) string {
	key, rest, named := strings.Cut(b.Detail, "\": ")
	status, _, _ := strings.Cut(rest, ",")
	if b.Limit != control.LimitTail && b.Limit != control.LimitS3Throttle && b.Limit != control.LimitKMSThrottle || !named {
		return ""
	}
	if runes := []rune(key[1:]); len(runes) > 20 {
		key = "…" + string(runes[len(runes)-19:])
	} else {
		key = string(runes)
	}
	return status + " for " + key
}

// WaitingText says, in full and in brief, why nothing is sent.
func WaitingText(b control.Binding) (full, brief string) {
	switch b.Limit {
	case control.LimitEndpoint:
		return "waiting for the endpoint, which does not answer", "waiting for the endpoint"
	case control.LimitCredentials:
		return "waiting for new credentials, as they have expired", "waiting for credentials"
	}
	return "paused: " + b.Detail, "paused"
}
