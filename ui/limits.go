package ui

import "reseal/control"

// band is how a limit is shown under the curves.
type band struct {
	group string // class of the page: kms, s3, throttle, own, pause, away
	name  string // a few words
}

// bandOf is how a limit is shown, whatever a later version calls it.
func bandOf(l control.Limit) band {
	switch l {
	case control.LimitKMSCap:
		return band{"kms", "KMS cap"}
	case control.LimitKMSRise:
		return band{"kms", "KMS rate rising"}
	case control.LimitS3Cap:
		return band{"s3", "S3 cap"}
	case control.LimitS3Rise:
		return band{"s3", "S3 rate rising"}
	case control.LimitKMSThrottle:
		return band{"throttle", "KMS throttling"}
	case control.LimitS3Throttle:
		return band{"throttle", "S3 throttling"}
	case control.LimitConcurrency:
		return band{"own", "concurrency"}
	case control.LimitSlots:
		return band{"own", "adaptive slots"}
	case control.LimitTail:
		return band{"own", "the last answers"}
	case control.LimitReader:
		return band{"own", "reading the report"}
	case control.LimitWindow:
		return band{"pause", "pause: outside the window"}
	case control.LimitFlagFile:
		return band{"pause", "pause: flag file"}
	case control.LimitOperator:
		return band{"pause", "pause: operator"}
	case control.LimitDrain:
		return band{"pause", "draining"}
	case control.LimitSilence:
		return band{"away", "a silent endpoint"}
	case control.LimitEndpoint:
		return band{"away", "an endpoint that does not answer"}
	case control.LimitCredentials:
		return band{"away", "expired credentials"}
	case control.LimitNone, "":
		return band{}
	}
	return band{"own", string(l)}
}
