package s3api

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// goSpeech is what no person should read: how a Go program found out.
var goSpeech = regexp.MustCompile(`\bGo\b|json:|yaml:|strconv|unexpected|invalid character|\bopen |openat|lstat|statat|XML syntax|deserialization|context |""`)

// What Go's own libraries say of bad input is said in plain words.
func TestPlainTextWithoutGoWords(t *testing.T) {
	var into struct{ Number int64 }
	_, notThere := os.Open("./nowhere")
	_, notANumber := strconv.ParseFloat("x1", 64)
	for want, err := range map[string]error{
		"no JSON: it breaks off in the middle": json.Unmarshal([]byte(`{"Number":`), &into),
		"no JSON":                              json.Unmarshal([]byte(`these`), &into),
		`"Number" is of type string, which is not what belongs there`:    json.Unmarshal([]byte(`{"Number":"x"}`), &into),
		"the JSON is of type number, which is not what belongs there":    json.Unmarshal([]byte(`7`), &into),
		"read it: the XML is broken":                                     fmt.Errorf("read it: %w", xml.Unmarshal([]byte("<a><b></a>"), &into)),
		"file 3: it breaks off in the middle":                            fmt.Errorf("file 3: %w", io.ErrUnexpectedEOF),
		"./nowhere: no such file or directory":                           notThere,
		`"x1" is no number that fits`:                                    notANumber,
		"ListObjectsV2 s3://media: x":                                    fmt.Errorf(`ListObjectsV2 s3://media/"": x`),
		"line 3: mapping values are not allowed in this context":         fmt.Errorf("yaml: line 3: mapping values are not allowed in this context"),
		"the answer cannot be read: it breaks off":                       fmt.Errorf("deserialization failed, failed to decode response body, %w", io.ErrUnexpectedEOF),
		"status 400: the answer cannot be read: the XML is broken":       fmt.Errorf("status 400: error while deserializing xml error response : XML syntax error on line 2: unexpected EOF"),
		"it breaks off in the middle":                                    fmt.Errorf("yaml: found unexpected end of stream"),
		"no JSON from byte 7 on: it breaks off in the middle":            fmt.Errorf("no JSON from byte 7 on: unexpected end of JSON input"),
		"no credentials: no answer within the time limit":                fmt.Errorf("get identity: get credentials: no credentials: request canceled, context deadline exceeded"),
		"open job done: it is held":                                      fmt.Errorf("open job done: it is held"),
		"open job: it is held":                                           fmt.Errorf("open job: it is held"),
		"no key of the report ends so: unexpectedly large":               fmt.Errorf("no key of the report ends so: unexpectedly large"),
		`CopyObject s3://media/"a b": AccessDenied (403, request id R1)`: fmt.Errorf(`CopyObject s3://media/"a b": AccessDenied (403, request id R1)`),
	} {
		if got := PlainText(err.Error()); got != want {
			t.Errorf("%v:\n got %q\nwant %q", err, got, want)
		}
	}
}

// Go's words are those that the test above knows: a new phrase of a library is seen here.
func TestGoSpeechIsFound(t *testing.T) {
	var into struct{ Number int64 }
	for _, text := range []string{`{"Number":`, `these`, `{"Number":"x"}`, `[`} {
		err := json.Unmarshal([]byte(text), &into)
		if hit := goSpeech.FindString(PlainText(err.Error())); hit != "" || !goSpeech.MatchString(err.Error()) {
			t.Errorf("%s: %v: found %q", text, err, hit)
		}
	}
}
