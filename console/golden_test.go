package console

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reseal/canary"
	"reseal/control"
	"reseal/cost"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/preflight"
	"reseal/verify"
)

// sized is a terminal's width, and what is written there.
type sized struct {
	bytes.Buffer
	columns int
}

func (s *sized) Columns() int { return s.columns }

var update = flag.Bool("update", false, "write the golden texts anew")

const (
	goldenKey    = "arn:aws:kms:eu-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	goldenBucket = "acme-media-archive"
)

var goldenNow = time.Date(2026, 11, 29, 3, 10, 0, 0, time.UTC)

// goldenStatus is a job in some state.
func goldenStatus(edit func(*status.Status)) *status.Status {
	rows, todo := int64(3_000_000), int64(2_900_000)
	s := &status.Status{
		Job: "./nights/archive", Bucket: goldenBucket, KMSKeyID: goldenKey, State: status.Unfinished, Files: 12, Finished: 3, Rows: &rows, Todo: &todo,
		Settled: 1_050_000, Done: 1_000_000, Failed: 0, Bytes: 7 << 40, Requests: 2_100_000, KMSCalls: 1_000_123, Skipped: map[string]int64{string(plan.AlreadyEncrypted): 50_000},
		Spent: 12.4e9, Runs: 2, Active: 3 * time.Hour, Estimated: &cost.Span{Expected: 24.5e9, Max: 29e9}, Prices: "list prices of eu-west-2 of 2026-11-21",
		LastWrite: goldenNow.Add(-2 * time.Second), Are: job.Accuracy{Done: job.Exact, Requests: job.Exact, KMSCalls: job.AtMost},
		Canary: &canary.Table{Kinds: []canary.Kind{
			{Action: "copy", Class: "STANDARD", Verdict: canary.Proven, Compared: 60}, {Action: "copy", Class: "STANDARD_IA", Verdict: canary.Proven, Compared: 27},
		}},
	}
	edit(s)
	return s
}

// goldenRun is a run at its cap.
func goldenRun() *control.Status {
	return &control.Status{
		PID: 4711, Started: goldenNow.Add(-time.Hour), Binding: control.Binding{Limit: control.LimitKMSCap, Rate: 5000, Since: goldenNow.Add(-50 * time.Minute)},
		Rate: 4987, Done: 900_000, InFlight: 512, Concurrency: 1024, Slots: 512, Requests: 1_900_000, Retries: 17,
		KMS:    control.QuotaUsage{Cap: 5000, Rate: 5000, LastSecond: 4996, FullestSecond: 5000, Throttled: 2},
		Writes: control.QuotaUsage{Rate: 7000, LastSecond: 4987, FullestSecond: 5100}, Reads: control.QuotaUsage{LastSecond: 40, FullestSecond: 1100},
	}
}

// goldenJobs are jobs in all their states.
var goldenJobs = map[string]func(*status.Status){
	"not-begun": func(s *status.Status) {
		s.State, s.Settled, s.Done, s.Finished, s.Bytes, s.Requests, s.KMSCalls, s.Spent, s.Runs, s.Canary, s.LastWrite = status.NotBegun, 0, 0, 0, 0, 0, 0, 0, 0, nil, time.Time{}
		s.Skipped = nil
	},
	"running": func(s *status.Status) { s.Run = goldenRun() },
	"paused": func(s *status.Status) {
		s.Run = goldenRun()
		s.Run.Paused, s.Run.Rate = []string{"outside the window 22:00-06:00"}, 0
		s.Run.Binding = control.Binding{Limit: control.LimitWindow, Detail: "until 22:00 UTC", Since: goldenNow}
	},
	"crashed": func(s *status.Status) {
		s.LastRun = &status.LastRun{At: goldenNow.Add(-time.Minute), Over: true, Status: goldenRun()}
		s.CutOff, s.Are.Done = 1, job.AtLeast
	},
	"failures": func(s *status.Status) {
		s.State, s.Settled, s.Done, s.Failed, s.Finished = status.Finished, 3_000_000, 2_899_983, 17, 12
		r := goldenRun()
		r.Ended = &control.Ending{ExitCode: someFailed}
		s.LastRun = &status.LastRun{At: goldenNow.Add(-time.Minute), Over: true, Status: r}
		s.Canary.Kinds[1] = canary.Kind{Action: "copy", Class: "STANDARD_IA", Verdict: canary.NotProven, Compared: 4, Missing: []string{"tags", "legal hold"},
			Reasons: []canary.Reason{{Why: "failed", Request: "CopyObject", Code: "AccessDenied", HTTPStatus: 403, Objects: 2, Key: "video/2019/holiday in the mountains, part one.mp4"}}}
	},
	"shares": func(s *status.Status) {
		s.Job = "s3://acme-jobs/nights/archive"
		for i := range 9 {
			o := job.ShareStatus{Share: fmt.Sprintf("%d/9", i), State: job.ShareRunning, User: "ada", Host: "node-" + fmt.Sprint(i), PID: 7, Settled: 100_000, Rate: 540, LastSeen: goldenNow}
			switch i {
			case 3:
				o.State, o.LastSeen = job.ShareDead, goldenNow.Add(-time.Hour)
			case 5:
				code := someFailed
				o.State, o.ExitCode, o.Failed = job.ShareEnded, &code, 1200
			case 8:
				o = job.ShareStatus{Share: "8/9", State: job.ShareEmpty}
			}
			s.Shares = append(s.Shares, o)
		}
	},
}

// goldenTexts are the texts of commands for a terminal.
func goldenTexts() map[string]func(io.Writer) error {
	texts := map[string]func(io.Writer) error{
		"preflight": func(w io.Writer) error {
			again := func(open []job.OpenHazard) string {
				return Settling("reseal preflight --bucket "+goldenBucket+" --sse-kms-key-id alias/media", open)
			}
			return Checks(terminal.Folding(w), goldenFindings, again)
		},
		"inventory": func(w io.Writer) error { return Reports(w, goldenReports()) },
		"jobs":      func(w io.Writer) error { return Jobs(w, goldenListed, goldenNow) },
		"verify":    func(w io.Writer) error { return Verification(w, goldenVerification()) },
		"ctl":       func(w io.Writer) error { return Run(w, goldenRun()) },
		"uploads":   func(w io.Writer) error { return Uploads(w, "", goldenBucket, goldenUploads) },
	}
	for name, edit := range goldenJobs {
		s := goldenStatus(edit)
		texts["status-"+name] = func(w io.Writer) error { return Status(w, s, AfterLook(s, job.Share{}), goldenNow) }
		texts["watch-"+name] = func(w io.Writer) error { return Brief(w, s, AfterLook(s, job.Share{}), goldenNow) }
	}
	return texts
}

var (
	goldenFindings = []preflight.Finding{
		{Name: "key", Status: preflight.StatusOK, Why: "Enabled, SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT, in eu-west-2 of account 111122223333"},
		{Name: "versioned", Status: preflight.StatusHazard, Why: "versioned without a rule that expires noncurrent versions: each copy leaves one behind", Mend: "reseal run JOB --accept versioned", Accept: "versioned"},
		{Name: "default encryption", Status: preflight.StatusWarning, Why: `"AES256": objects that are written from now on are not under the key`,
			Mend: "reseal enforce --bucket " + goldenBucket + " --sse-kms-key-id " + goldenKey},
		{Name: "object lock", Status: preflight.StatusUnknown, Why: "GetObjectLockConfiguration: AccessDenied (403)", Mend: "allow s3:GetBucketObjectLockConfiguration"},
	}
	goldenListed = []status.Listed{
		{Job: "./nights/archive", State: "running", Rows: new(int64), LastWrite: goldenNow.Add(-2 * time.Second)},
		{Job: "./nights/of a long name that somebody gave it on a Friday afternoon", State: "not begun"},
		{Job: "./broken", State: "unreadable", Error: "plan.json: unexpected end of JSON input"},
	}
	goldenUploads = []job.Upload{
		{Key: "video/2019/holiday.mp4", ID: "2~abcdefghijklmnopqrstuvwxyz0123456789", Parts: 12, Bytes: 100 << 20, State: job.UploadUnfinished},
		{Key: "video/2020/a b.mp4", ID: "2~zyxwvutsrqponmlkjihgfedcba9876543210", State: job.UploadUnsure},
	}
)

func goldenReports() []ListedReport {
	rows := int64(3_000_000)
	r := ListedReport{Manifest: "s3://acme-reports/acme-media-archive/daily/2026-11-28T01-00Z/manifest.json", Config: "acme-media-archive/daily", Time: goldenNow.Add(-26 * time.Hour),
		Age: "1d 2h", Versions: "current", Format: "Parquet", Files: 12, Bytes: 90 << 20, Rows: &rows, Complete: true, Newest: true, Missing: []string{"ObjectLockMode", "ChecksumAlgorithm"}}
	return []ListedReport{r, {Config: "acme-media-archive/daily", Time: goldenNow, Age: "2h", Format: "CSV", Versions: "all", Error: "the manifest is not complete JSON; S3 may still be writing it, so look again in some minutes"}}
}

func goldenVerification() *verify.Verification {
	bound := 0.0149
	return &verify.Verification{
		Job: "./nights/archive", Bucket: goldenBucket, Key: goldenKey, Sample: "10%", KMS: verify.KMSUse{Released: 1234, Fullest: 248}, Bound: &bound, Losses: []plan.Attribute{plan.Expires},
		Differences: []verify.Difference{{Key: "video/2019/holiday in the mountains, part one.mp4", Verdict: verify.NeverUnderKey, Why: "encrypted with AES256, and not written since the job did"}},
		Tally: verify.Tally{
			Rows: 3000, Looked: 300, Sampled: 199, Unsampled: 1801, Wrong: 1, Compared: 100, Uncompared: 2,
			Verdicts:  map[verify.Verdict]int64{verify.Proven: 299, verify.NeverUnderKey: 1, verify.LeftAlone: 860, verify.NotDone: 39},
			LeftAlone: map[plan.Reason]int64{plan.AlreadyEncrypted: 860}, NotDone: map[plan.Reason]int64{"": 39}, OtherKeys: map[string]int64{goldenKey: 860},
			Unchecked: map[plan.Attribute]int64{plan.Expires: 100},
		},
	}
}

// Each text is at three widths as was agreed on by eye. No line is wider, but for a name
// that is longer than a line, and no two empty lines follow each other.
func TestGoldenTexts(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8") // in other locales signs are ASCII
	for name, write := range goldenTexts() {
		for _, columns := range []int{80, 100, 140} {
			got := &sized{columns: columns}
			if err := write(got); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "golden", fmt.Sprintf("%s-%d.txt", name, columns))
			if *update {
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, got.Bytes(), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s differs; go test ./console -run TestGoldenTexts -update, then look at the difference. Got:\n%s", file, got.String())
			}
			if strings.Contains(got.String(), "\n\n\n") {
				t.Errorf("%s has two empty lines", file)
			}
			for i, line := range strings.Split(got.String(), "\n") {
				if n := utf8.RuneCountInString(line); n > columns && len(strings.Fields(strings.TrimSuffix(line, " \\"))) > 1 && longestWord(line) < columns-40 {
					t.Errorf("%s, line %d has %d columns: %q", file, i+1, n, line)
				}
			}
			if strings.HasPrefix(name, "watch-") && columns == 80 && strings.Count(got.String(), "\n") > 23 {
				t.Errorf("%s has more than 23 lines:\n%s", file, got.String())
			}
		}
	}
}

func longestWord(line string) (n int) {
	for word := range strings.FieldsSeq(line) {
		n = max(n, utf8.RuneCountInString(word))
	}
	return n
}
