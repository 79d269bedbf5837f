package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

func fullLine() Line {
	return Line{
		Time: time.Date(2026, 11, 21, 3, 4, 5, 678_000_000, time.UTC), Pos: inventory.Position{File: 3, Row: 123_456_789_012}, Bucket: "b", Key: "a/b c\"\\\n\x01<é>",
		VersionID: "null", Action: "copy", Status: "failed", Reason: plan.Denied, ErrorCode: "AccessDenied", HTTPStatus: 403, Attempts: 3,
		ETagBefore: "e1", ETagAfter: "e2", NewVersionID: "v2", KMSKeyID: sampleKey, Bytes: 1 << 40, RequestID: "R", Took: 1234 * time.Millisecond,
		ErrorClass: "denied", Error: "Access Denied", KMSCalls: 2,
	}
}

// TestLineIsAnInterface pins the names and their order: other programs read them.
func TestLineIsAnInterface(t *testing.T) {
	l := fullLine()
	got := string(AppendLine(nil, &l))
	want := `{"ts":"2026-11-21T03:04:05.678Z","file":3,"row":123456789012,"bucket":"b","key":"a/b c\"\\\n\u0001\u003cé\u003e","version_id":"null",` +
		`"action":"copy","status":"failed","reason":"access-denied","error_code":"AccessDenied","http_status":403,"attempts":3,` +
		`"etag_before":"e1","etag_after":"e2","new_version_id":"v2","kms_key_id":"` + sampleKey + `","bytes":1099511627776,"request_id":"R","ms":1234,` +
		`"error_class":"denied","kms_calls":2,"error":"Access Denied"}` + "\n"
	if got != want {
		t.Errorf("line:\n%s\nwant:\n%s", got, want)
	}
	var empty Line
	empty.Bytes = -1
	got = string(AppendLine(nil, &empty))
	if !strings.HasPrefix(got, `{"ts":null,"file":0,"row":0,"bucket":"","key":"",`) || !strings.Contains(got, `"bytes":null`) {
		t.Errorf("a line without anything: %s", got)
	}
}

func TestLineOf(t *testing.T) {
	started := time.Date(2026, 11, 21, 3, 0, 0, 0, time.FixedZone("", 3600))
	task := plan.Task{Action: plan.Copy, Record: inventory.Record{Pos: inventory.Position{File: 1, Row: 2}, Bucket: "b", Key: "k", VersionID: "v1", ETag: "e1", Size: 5}}
	done := engine.Result{Task: task, Outcome: engine.Done, Attempts: 2, KMSMax: 1, Started: started, Took: time.Second,
		Effect: engine.Effect{ETag: "e2", VersionID: "v2", KMSKeyID: "key", RequestID: "R"}}
	want := Line{Time: started.Add(time.Second).UTC(), Pos: inventory.Position{File: 1, Row: 2}, Bucket: "b", Key: "k", VersionID: "v1", Action: "copy", Status: "done",
		Attempts: 2, ETagBefore: "e1", ETagAfter: "e2", NewVersionID: "v2", KMSKeyID: "key", Bytes: 5, RequestID: "R", Took: time.Second, KMSCalls: 1}
	if got := LineOf(&done); got != want {
		t.Errorf("done: %+v\nwant: %+v", got, want)
	}
	done.Repeat = true
	if got := LineOf(&done); got.Reason != Repeat {
		t.Errorf("repeat has reason %q", got.Reason)
	}
	failed := engine.Result{Task: task, Outcome: engine.Failed, Reason: plan.Denied, Attempts: 1, Started: started,
		Err: &engine.ObjectError{Class: engine.Denied, Code: "AccessDenied", HTTPStatus: 403, RequestID: "F"}}
	if got := LineOf(&failed); got.ErrorCode != "AccessDenied" || got.HTTPStatus != 403 || got.RequestID != "F" || got.ErrorClass != "denied" || got.Status != "failed" {
		t.Errorf("failed: %+v", got)
	}
}

func TestKeysThatAreNotText(t *testing.T) {
	for _, key := range []string{"\xff", "a\xc3\x28b", "\xed\xa0\x80", strings.Repeat("\xfe/", 600), "ok/\u00e9\U0001F600", "\u2028\u202e", ""} {
		l := Line{Key: key, Status: "done", Bytes: -1}
		data := AppendLine(nil, &l)
		back, err := ParseLine(data)
		if err != nil || back.Key != key {
			t.Errorf("key %q came back as %q, %v", key, back.Key, err)
		}
		if !utf8.Valid(data) || bytes.Count(data, []byte("\n")) != 1 {
			t.Errorf("key %q: not one line of UTF-8: %q", key, data)
		}
		if has := bytes.Contains(data, []byte(`"key_bytes"`)); has == utf8.ValidString(key) {
			t.Errorf("key %q: key_bytes is there: %v", key, has)
		}
		var v struct {
			KeyBytes string `json:"key_bytes"`
		}
		if err := json.Unmarshal(data, &v); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
		if b, _ := base64.StdEncoding.DecodeString(v.KeyBytes); v.KeyBytes != "" && string(b) != key {
			t.Errorf("key %q: other readers get %q", key, b)
		}
	}
}

func TestParseLine(t *testing.T) {
	good := map[string]Line{
		`{"row":1,"status":"done"}`:                                                {Pos: inventory.Position{Row: 1}, Status: "done", Bytes: -1},
		` { "status" : "done" , "row" : 0 , "new":null,"a":-1.5e3,"b":[]}`:         {},
		`{"status":"done","row":0,"x":true,"y":"\u00e9\ud83d\ude00\ud800","ms":5}`: {Status: "done", Took: 5 * time.Millisecond, Bytes: -1},
		"{\"row\":1,\"status\":\"done\",\"key\":\"\\/\\b\\f\"}\n":                  {Pos: inventory.Position{Row: 1}, Status: "done", Key: "/\b\f", Bytes: -1},
	}
	for text, want := range good {
		got, err := ParseLine([]byte(text))
		if want == (Line{}) {
			if err == nil {
				t.Errorf("%s: a nested value was taken", text)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		``, `null`, `[]`, `{`, `{}`, `{"row":1}`, `{"status":"done"}`, `{"row":1,"status":"done"} x`, `{"row":1,"row":1,"status":"done"}`,
		`{"row":-1,"status":"done"}`, `{"row":1.5,"status":"done"}`, `{"row":01,"status":"done"}`, `{"row":99999999999999999999,"status":"done"}`, `{"row":"1","status":"done"}`,
		`{"row":1,"status":1}`, `{"row":1,"status":"done",}`, `{"row":1 "status":"done"}`, `{"row":1,"status":"do`, `{"row":1,"status":"\x"}`, `{"row":1,"status":"\u12"}`,
		"{\"row\":1,\"status\":\"\n\"}", "{\"row\":1,\"status\":\"\xff\"}", `{"row":1,"status":"done","ts":"yesterday"}`, `{"row":1,"status":"done","key_bytes":"*"}`,
		`{"row":1,"status":"done","http_status":3000000000}`, `{"row":1,"status":"done","ms":9223372036854775807}`, `{"row":1,"status":"done","bytes":-1}`, `{"row":1,"status":"done","x":}`,
	} {
		if l, err := ParseLine([]byte(text)); err == nil {
			t.Errorf("%s: no error, got %+v", text, l)
		}
	}
}

func TestLines(t *testing.T) {
	l := fullLine()
	data := AppendLine(nil, &l)
	text := string(data) + "\n" + string(data)
	n := 0
	for got, err := range Lines(strings.NewReader(text)) {
		if err != nil || got != l {
			t.Fatalf("line %d: %+v, %v", n, got, err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d lines, want 2: an empty one is passed over", n)
	}
	for _, bad := range []string{text + string(data[:len(data)-9]), text + strings.Repeat("x", MaxLine+1)} {
		var last error
		n = 0
		for _, err := range Lines(strings.NewReader(bad)) {
			if last = err; err == nil {
				n++
			}
		}
		if n != 2 || last == nil || !strings.Contains(last.Error(), "line 4") {
			t.Errorf("after %d good lines: %v, want an error in line 4", n, last)
		}
	}
}

func TestAppendLineDoesNotAllocate(t *testing.T) {
	l := fullLine()
	l.Key += "\xff"
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = AppendLine(buf[:0], &l) }); n != 0 {
		t.Errorf("%v allocations a line, want none", n)
	}
}

// FuzzLine: any line survives writing and reading, and other readers of JSON see
// the same.
func FuzzLine(f *testing.F) {
	f.Add("k", "v", "request-error", "code", int64(5), int64(7), 2, int64(1_700_000_000_000))
	f.Add("\xff\xfe", "\x00", "<script>", "\u2028", int64(-1), int64(0), 0, int64(0))
	f.Fuzz(func(t *testing.T, key, version, reason, code string, size, row int64, status int, unixMilli int64) {
		clean := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
		l := Line{Key: key, VersionID: version, Reason: plan.Reason(reason), ErrorCode: code, Status: "failed",
			Bytes: max(size, -1), HTTPStatus: status & 0xfff, Took: time.Duration(row&0xffffff) * time.Millisecond}
		l.Pos.Row = row & (1<<63 - 1)
		if ts := time.UnixMilli(unixMilli).UTC(); ts.Year() >= 0 && ts.Year() < 10000 && !ts.IsZero() {
			l.Time = ts
		}
		data := AppendLine(nil, &l)
		got, err := ParseLine(data)
		want := l
		want.VersionID, want.Reason, want.ErrorCode = perByte(version), plan.Reason(perByte(reason)), perByte(code)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\ngot  %+v, %v\nwant %+v", data, got, err, want)
		}
		var other map[string]any
		if err := json.Unmarshal(data, &other); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if utf8.ValidString(key) && other["key"] != clean(key) {
			t.Fatalf("key %q reads %q elsewhere", key, other["key"])
		}
	})
}

// perByte replaces every byte that is not UTF-8 by U+FFFD.
func perByte(s string) string { return string([]rune(s)) }

// FuzzParseLine: no input makes the reader panic, and what it takes is JSON.
func FuzzParseLine(f *testing.F) {
	l := fullLine()
	f.Add(AppendLine(nil, &l))
	f.Add([]byte(`{"row":1,"status":"done","x":"\ud800\udc00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := ParseLine(data)
		if err != nil {
			return
		}
		var other map[string]any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if dec.Decode(&other) == nil && (fmt.Sprint(other["row"]) != fmt.Sprint(got.Pos.Row) || other["status"] != got.Status) {
			t.Errorf("%q: row %d, status %q; elsewhere %v, %q", data, got.Pos.Row, got.Status, other["row"], other["status"])
		}
		again, err := ParseLine(AppendLine(nil, &got))
		if err != nil || again != got {
			t.Errorf("%q: %+v became %+v, %v", data, got, again, err)
		}
	})
}

func BenchmarkAppendLine(b *testing.B) {
	l := fullLine()
	buf := make([]byte, 0, 4096)
	for b.Loop() {
		buf = AppendLine(buf[:0], &l)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkParseLine(b *testing.B) {
	l := fullLine()
	data := AppendLine(nil, &l)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := ParseLine(data); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleAppendLine() {
	l := Line{Bucket: "b", Key: "k\xff", Status: "skipped", Reason: plan.Gone, Bytes: -1}
	line := AppendLine(nil, &l)
	fmt.Println(strings.Contains(string(line), `"key":"k`+"\uFFFD"+`","key_bytes":"a/8="`))
	// Output: true
}

// No name may come twice, whichever it is.
func TestNoNameComesTwice(t *testing.T) {
	names := append(slices.Collect(maps.Keys(fields)), "ts")
	for _, name := range names {
		value := `"2026-11-21T00:00:00Z"`
		switch f := fields[name]; {
		case f.text != nil:
			value = `"YQ=="`
		case f.number != nil:
			value = "1"
		}
		once := `"` + name + `":` + value
		rest := `,"row":7,"status":"done"`
		switch name {
		case "row":
			rest = `,"status":"done"`
		case "status":
			rest = `,"row":7`
		}
		if _, err := ParseLine([]byte("{" + once + rest + "}")); err != nil {
			t.Errorf("%s once: %v", name, err)
		}
		if _, err := ParseLine([]byte("{" + once + rest + "," + once + "}")); err == nil || !strings.Contains(err.Error(), name+" comes twice") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}
