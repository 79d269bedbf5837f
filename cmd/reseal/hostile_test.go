package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"reseal/console"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/joblog"
	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
	"reseal/verify"
)

// forged begins a line that a key or an answer wants to have for itself.
const forged = "reseal: all is fine"

// hostileWriters are all that the program writes for people and programs, with s as
// every name and answer.
func hostileWriters(s string) map[string]func(p process) error {
	line := &report.Line{Bucket: s, Key: s, VersionID: s, Action: s, Status: "failed", Reason: plan.Reason(s), ErrorCode: s, ErrorClass: s, RequestID: s, Error: s, Lost: s}
	run := func() *report.Run {
		v := &report.Run{Job: report.Job{Bucket: s, Region: s, Manifest: s, ManifestMD5: s, Hash: s}, State: s, Summary: new(report.Summary), Damages: []string{s},
			History: []report.JobRun{{Command: s, User: s, Host: s, Caller: s, Line: s, Ending: s, Accepted: []string{s}}}}
		v.Summary.Add(line)
		return v
	}
	run1 := &control.Status{Paused: []string{s}, Binding: control.Binding{Limit: control.Limit(s)}, Ended: &control.Ending{Why: s}}
	now := &status.Status{Job: s, Manifest: s, Bucket: s, KMSKeyID: s, State: status.State(s), Skipped: map[string]int64{s: 1}, Notices: []string{s}, Damages: []string{s}, Run: run1}
	object := &engine.ObjectError{Op: s, Bucket: s, Key: s, VersionID: s, Code: s, RequestID: s, Said: s, Err: errors.New(s)}
	return map[string]func(p process) error{
		"report":      func(p process) error { return report.WriteRun(p.stdout, run()) },
		"report HTML": func(p process) error { return report.WriteRunHTML(p.stdout, run()) },
		"report JSON": func(p process) error { return report.WriteRunJSON(p.stdout, run()) },
		"report CSV": func(p process) error {
			return report.WriteCSV(p.stdout, func(yield func(report.Line, error) bool) { yield(*line, nil) }, false)
		},
		"result lines": func(p process) error { _, err := p.stdout.Write(report.AppendLine(nil, line)); return err },
		"status": func(p process) error {
			return console.Status(p.stdout, now, console.Step{Command: s, Does: s}, time.Now())
		},
		"status JSON": func(p process) error { return writeJSON(p.stdout, now) },
		"ctl":         func(p process) error { return console.Run(p.stdout, run1) },
		"preflight": func(p process) error {
			p.args = []string{"preflight", "--bucket", s}
			rows := []preflight.Finding{{Name: s, Status: preflight.StatusStop, Why: s, Mend: shell.Word(s), Accept: "acl"}}
			return console.Checks(p.stdout, rows, func(open []job.OpenHazard) string { return p.settlingAgain(open, nil) })
		},
		"inventory ls": func(p process) error {
			return console.Reports(p.stdout, []console.ListedReport{{Manifest: s, Config: s, Bucket: s, Format: s, Versions: s, Newest: true, Missing: []string{s}, Error: s}})
		},
		"jobs": func(p process) error {
			return console.Jobs(p.stdout, []status.Listed{{Job: s, State: s, Bucket: s, Error: s}}, time.Now())
		},
		"uploads": func(p process) error {
			return console.Uploads(p.stdout, "", s, []job.Upload{{Key: s, ID: s, State: s}, {Key: s, ID: s, State: job.UploadUnsure}})
		},
		"verify": func(p process) error {
			return console.Verification(p.stdout, &verify.Verification{Job: s, Bucket: s, Key: s, Sample: s,
				Differences: []verify.Difference{{Key: s, VersionID: s, Verdict: verify.NotDone, Reason: plan.Reason(s), Why: s}}})
		},
		"an error":              func(p process) error { p.exit(newRoot(p), errors.New(s)); return nil },
		"an error of an object": func(p process) error { p.exit(newRoot(p), fmt.Errorf("stopped: %w", object)); return nil },
		"an error of setup": func(p process) error {
			p.exit(newRoot(p), &s3api.SetupError{Kind: s3api.AccessDenied, Op: s, Subject: s, Code: s, Err: errors.New(s)})
			return nil
		},
		"log": func(p process) error {
			slog.New(joblog.NewHandler(p.stderr, joblog.Text, slog.LevelInfo)).Info(s, "key", s, s, s, "error", object)
			return nil
		},
		"log as JSON": func(p process) error {
			slog.New(joblog.NewHandler(p.stderr, joblog.JSON, slog.LevelInfo)).Info(s, "key", s, "error", object)
			return nil
		},
		"a request in the log": func(p process) error {
			for _, format := range []string{joblog.Text, joblog.JSON} {
				for _, w := range []io.Writer{p.stderr, terminal.NewScreen(p.stderr)} {
					slog.New(joblog.NewHandler(w, format, slog.LevelDebug)).LogAttrs(context.Background(), slog.LevelDebug, "request", slog.String("operation", s),
						slog.String("bucket", s), slog.String("key", s), slog.String("request_id", s), slog.String("error", object.Words()), slog.Any("by", map[string]string{"x": s}))
				}
			}
			return nil
		},
		"words": func(p process) error {
			_, err := fmt.Fprintf(p.stdout, "%s\n", strings.NewReplacer("\n", " ", "\t", " ").Replace(s)) // whatever a command forgets
			return err
		},
	}
}

// FuzzHostileNames: whatever is in keys, manifests, answers and names of folders, no
// control character but a line feed, and no mark that turns the direction of writing,
// gets out, and none of them begins a line of its own.
func FuzzHostileNames(f *testing.F) {
	for _, s := range []string{
		"\x1b]0;owned\x07\x1b[2J\x1b[31mred", "invoice\u202egpj.exe", "a\n" + forged, "a\r" + forged, "a\u2028" + forged, "\t\x00\x7f\u0085\u009b31m",
		"\xff\xfe\x9b31m", "\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\U000e0041", "=cmd|' /C calc'!A0", "é 文 \u0627\u0644", "",
		"<script>\u202e</script>\x1b", `a\n"'` + "\v\f\b", strings.Repeat("é\u202e\xff", 800),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, write := range hostileWriters(s) {
			var out bytes.Buffer
			stdout, flush := terminal.Harmless(&out)
			if err := write(process{stdout: stdout, stderr: stdout}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			flush()
			harmlessText(t, name, out.String())
		}
	})
}

// TestCellsAreNoFormulas: a spreadsheet runs nothing of what a service answered, and the
// exact form has it as it was.
func TestCellsAreNoFormulas(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "＝1"} {
		line := report.Line{Bucket: s, Key: s, VersionID: s, Status: "failed", ErrorCode: s, Reason: plan.Reason(s)}
		for _, exact := range []bool{false, true} {
			var out bytes.Buffer
			if err := report.WriteCSV(&out, func(yield func(report.Line, error) bool) { yield(line, nil) }, exact); err != nil {
				t.Fatal(err)
			}
			cells := strings.Split(strings.TrimSpace(out.String()), ",")
			for i, c := range cells {
				if risky := c != "" && strings.ContainsRune("=+-@\uff1d", []rune(c)[0]); risky != (exact && i != 1 && i != 3 && i != 5) {
					t.Errorf("exact %v: column %d is %q", exact, i, c)
				}
			}
		}
	}
}

func harmlessText(t *testing.T, name, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("%s: not UTF-8: %q", name, text)
	}
	for _, r := range text {
		if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Fatalf("%s: %q gets out in %.300q", name, r, text)
		}
	}
	if strings.Contains(name, "HTML") {
		return // where a line feed is white space
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, forged) {
			t.Fatalf("%s: a line is forged in %.400q", name, text)
		}
	}
}
