package report

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"reseal/engine"
	"reseal/internal/plain"
	"reseal/inventory"
	"reseal/plan"
)

// Repeat is the reason on the line of an object that was found done already by
// an earlier attempt whose end was not recorded.
const Repeat plan.Reason = "repeat"

// Newer is the reason on the line of an object that was done as another client
// had written it since the report.
const Newer plan.Reason = "newer-write"

// PutBack is the reason on the line of an object of which the endpoint lost
// something that was put back.
const PutBack plan.Reason = "put-back"

// LeftOut is the reason on the line of an object that was copied without what S3
// refuses to set, as was accepted.
const LeftOut plan.Reason = "left-out"

// Batch is the reason on the line of an object that S3 Batch Operations did, or
// failed to do, by the word of its completion report.
const Batch plan.Reason = "batch-operations"

// Line is one line of results: what happened to one row of the report.
type Line struct {
	Time         time.Time // when it was settled, UTC to the millisecond; zero where nothing was sent
	Pos          inventory.Position
	Bucket       string
	Key          string
	VersionID    string
	Action       string
	Status       string // an engine.Outcome: done, skipped, failed, ...
	Reason       plan.Reason
	ErrorCode    string // of the service
	HTTPStatus   int    // 0 where there was no answer
	Attempts     int    // requests sent, retries included
	ETagBefore   string // without quotes
	ETagAfter    string
	NewVersionID string
	KMSKeyID     string
	Bytes        int64 // size of the object, -1 where unknown
	RequestID    string
	Took         time.Duration // to the millisecond
	ErrorClass   string        // an engine.Class, for failed
	Error        string        // what went wrong, in words, for failed
	KMSCalls     int64         // upper bound of the KMS requests that it took
	Steps        string        // requests of an object that took several to be made; see engine.Effect
	Before       string        // a plan.Snapshot from before as JSON, "" where none was taken
	Lost         string        // a list of plan.Difference as JSON: what the write lost for good, "" for nothing
	PutBack      string        // likewise: what it lost, and what was put back
	LeftOut      string        // likewise: what was not sent, as S3 refuses it
}

// LineOf returns the line about r. Its strings share memory with r.
func LineOf(r *engine.Result) Line {
	rec := &r.Task.Record
	l := Line{
		Pos: rec.Pos, Bucket: rec.Bucket, Key: rec.Key, VersionID: rec.VersionID,
		Action: r.Task.Action.String(), Status: r.Outcome.String(), Reason: r.Reason, Attempts: r.Attempts,
		ETagBefore: rec.ETag, Bytes: rec.Size, Took: r.Took,
		ETagAfter: r.Effect.ETag, NewVersionID: r.Effect.VersionID, KMSKeyID: r.Effect.KMSKeyID,
		RequestID: r.Effect.RequestID, Steps: r.Effect.Steps, KMSCalls: r.KMSMax,
	}
	if !r.Started.IsZero() {
		l.Time = r.Started.Add(r.Took).UTC()
	}
	if h := r.Task.Head; h != nil && r.Outcome != engine.Done {
		l.KMSKeyID = h.KMSKeyID
	}
	switch {
	case l.Reason != "":
	case r.Repeat:
		l.Reason = Repeat
	case len(r.Effect.PutBack) > 0 && r.Outcome == engine.Done:
		l.Reason = PutBack
	case len(r.Effect.LeftOut) > 0 && r.Outcome == engine.Done:
		l.Reason = LeftOut
	case r.Newer:
		l.Reason = Newer
	}
	if r.Before != nil {
		if data, err := json.Marshal(r.Before); err == nil { // it has no value that cannot be written
			l.Before = string(data)
		}
	}
	l.PutBack, l.LeftOut = differences(r.Effect.PutBack), differences(r.Effect.LeftOut)
	if e := r.Err; e != nil {
		l.Lost = differences(e.Lost)
		l.ErrorCode, l.HTTPStatus, l.RequestID, l.ErrorClass = e.Code, e.HTTPStatus, e.RequestID, e.Class.String()
		if r.Outcome == engine.Failed {
			l.Error = e.Words()
		}
	}
	return l
}

// differences writes a list as JSON, "" for an empty one.
func differences(list []plan.Difference) string {
	if len(list) == 0 {
		return ""
	}
	data, err := json.Marshal(list)
	if err != nil {
		panic("report: texts that cannot be written as JSON: " + err.Error())
	}
	return string(data)
}

// AppendLine appends l as one JSON object and a line feed. All names are always
// there, in a fixed order; what is not known is null (ts, bytes), "" or 0. Only
// "error" is there only where something went wrong, "repeat", which is true, for what
// an earlier attempt had done, "steps" where an object took several requests to be made,
// and "before", "lost", "put_back" and "left_out", JSON documents as strings, where there is
// something to say.
//
// A JSON string cannot hold bytes that are not UTF-8, and a key may have any.
// Such a key is written twice: as "key" with U+FFFD for every byte that does not
// fit, for people, and right after it as "key_bytes", the base64 of its bytes,
// which is the key. Other strings come from services and are not kept exactly.
func AppendLine(dst []byte, l *Line) []byte {
	dst = append(dst, `{"ts":`...)
	if l.Time.IsZero() {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, '"')
		dst = l.Time.UTC().AppendFormat(dst, timeLayout)
		dst = append(dst, '"')
	}
	dst = appendInt(dst, `,"file":`, int64(l.Pos.File))
	dst = appendInt(dst, `,"row":`, l.Pos.Row)
	dst = appendString(dst, `,"bucket":`, l.Bucket)
	dst = appendString(dst, `,"key":`, l.Key)
	if !utf8.ValidString(l.Key) {
		dst = append(dst, `,"key_bytes":"`...)
		dst = appendBase64(dst, l.Key)
		dst = append(dst, '"')
	}
	dst = appendString(dst, `,"version_id":`, l.VersionID)
	dst = appendString(dst, `,"action":`, l.Action)
	dst = appendString(dst, `,"status":`, l.Status)
	dst = appendString(dst, `,"reason":`, string(l.Reason))
	dst = appendString(dst, `,"error_code":`, l.ErrorCode)
	dst = appendInt(dst, `,"http_status":`, int64(l.HTTPStatus))
	dst = appendInt(dst, `,"attempts":`, int64(l.Attempts))
	dst = appendString(dst, `,"etag_before":`, l.ETagBefore)
	dst = appendString(dst, `,"etag_after":`, l.ETagAfter)
	dst = appendString(dst, `,"new_version_id":`, l.NewVersionID)
	dst = appendString(dst, `,"kms_key_id":`, l.KMSKeyID)
	if l.Bytes < 0 {
		dst = append(dst, `,"bytes":null`...)
	} else {
		dst = appendInt(dst, `,"bytes":`, l.Bytes)
	}
	dst = appendString(dst, `,"request_id":`, l.RequestID)
	dst = appendInt(dst, `,"ms":`, l.Took.Milliseconds())
	dst = appendString(dst, `,"error_class":`, l.ErrorClass)
	dst = appendInt(dst, `,"kms_calls":`, l.KMSCalls)
	if l.Reason == Repeat {
		dst = append(dst, `,"repeat":true`...)
	}
	if l.Steps != "" {
		dst = appendString(dst, `,"steps":`, l.Steps)
	}
	if l.Error != "" {
		dst = appendString(dst, `,"error":`, l.Error)
	}
	if l.Before != "" {
		dst = appendString(dst, `,"before":`, l.Before)
	}
	if l.Lost != "" {
		dst = appendString(dst, `,"lost":`, l.Lost)
	}
	if l.PutBack != "" {
		dst = appendString(dst, `,"put_back":`, l.PutBack)
	}
	if l.LeftOut != "" {
		dst = appendString(dst, `,"left_out":`, l.LeftOut)
	}
	return append(dst, '}', '\n')
}

// timeLayout is RFC 3339 with milliseconds, always of the same width.
const timeLayout = "2006-01-02T15:04:05.000Z"

func appendInt(dst []byte, name string, n int64) []byte {
	dst = append(dst, name...)
	return strconv.AppendInt(dst, n, 10)
}

// appendBase64 is base64.StdEncoding.AppendEncode for a string.
func appendBase64(dst []byte, s string) []byte {
	for len(s) > 0 { // 48 bytes at a time: a multiple of 3, so no padding in between
		var chunk [48]byte
		n := copy(chunk[:], s)
		dst = base64.StdEncoding.AppendEncode(dst, chunk[:n])
		s = s[n:]
	}
	return dst
}

// appendString appends name and s as a JSON string. Bytes that are not UTF-8
// become U+FFFD; < and > are escaped so that a line can stand in a web page, and so is
// what nobody could see, such as a mark that turns the direction of writing.
func appendString(dst []byte, name, s string) []byte {
	dst = append(dst, name...)
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if unescaped[c] {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscaped(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\uFFFD"...)
			i++
			start = i
			continue
		}
		if plain.Hidden(r) {
			dst = plain.AppendJSONEscape(append(dst, s[start:i]...), r)
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// unescaped are the ASCII characters that stand for themselves.
var unescaped = func() (p [utf8.RuneSelf]bool) {
	for c := range p {
		p[c] = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != 0x7f
	}
	return p
}()
