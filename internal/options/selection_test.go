package options

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/plan"
)

// selected reads a command line of a selection.
func selected(t *testing.T, args ...string) (plan.Options, error) {
	t.Helper()
	var s Selection
	f := pflag.NewFlagSet("run", pflag.ContinueOnError)
	s.Bind(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s.Read("report/manifest.json")
}

// What does not go together, or would select nothing, is an error of the command line
// that names the option.
func TestSelectionRefuses(t *testing.T) {
	const key = "--sse-kms-key-id=k"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "--sse-kms-key-id is needed"},
		{[]string{"--sse=AES256", key}, "--sse AES256 has no key"},
		{[]string{"--sse=kms", key}, `--sse "kms": want aws:kms or AES256`},
		{[]string{key, "--prefix="}, `--prefix "": an empty one`},
		{[]string{key, "--exclude="}, `--exclude "": an empty one`},
		{[]string{key, "--min-size=many"}, "--min-size: "},
		{[]string{key, "--min-size=2GB", "--max-size=1GB"}, "--min-size is above --max-size"},
		{[]string{key, "--max-size=0"}, "--max-size 0 would select empty objects alone"},
		{[]string{key, "--multipart-threshold=6GiB"}, "at most 5GiB"},
		{[]string{key, "--multipart-threshold=1MiB"}, "at least 5MiB"},
		{[]string{key, "--trust-inventory", "--inspect-all"}, "exclude each other"},
		{[]string{key, "--older-than=2d", "--newer-than=1d"}, "--newer-than and --older-than exclude"},
		{[]string{key, "--older-than=soon"}, "--older-than "},
		{[]string{key, "--newer-than=2026-02-01", "--older-than=2026-01-01"}, "--newer-than and --older-than exclude"},
		{[]string{key, "--storage-class=standard"}, "did you mean STANDARD"},
		{[]string{key, "--only-bucket=b"}, "--only-bucket needs --columns"},
		{[]string{key, "--columns=auto", "--only-bucket=B/"}, "no bucket can have this name"},
		{[]string{key, "--columns=size"}, `--columns "size"`},
		{[]string{key, "--method=move"}, `--method "move"`},
		{[]string{"--sse=AES256", "--method=update"}, "no update back to SSE-S3"},
		{[]string{key, "--versions=old"}, `--versions "old"`},
		{[]string{key, "--versions=all"}, "--versions all needs --method update or auto"},
		{[]string{key, "--copy-via=parts"}, `--copy-via "parts"`},
		{[]string{key, "--acl=private"}, `--acl "private"`},
		{[]string{key, "--confirm=half"}, "--confirm: want all or a share"},
		{[]string{key, "--confirm=10%"}, "--confirm is about updates"},
		{[]string{key, "--from-key=other"}, "--from-key needs --rekey"},
		{[]string{key, "--tag==v"}, "--tag "},
	} {
		_, err := selected(t, tt.args...)
		if !errors.As(err, new(*cli.UsageError)) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.args, err, tt.want)
		}
	}
	if _, err := new(Selection).Read(""); err == nil || !strings.Contains(err.Error(), "--manifest is needed") {
		t.Errorf("without a report: %v", err)
	}
}

// What was given is what a job is bound to.
func TestSelectionReads(t *testing.T) {
	o, err := selected(t, "--sse-kms-key-id=k", "--method=auto", "--versions=all", "--confirm=90%", "--min-size=128KiB", "--max-size=1GiB", "--older-than=2d",
		"--multipart-threshold=64MiB", "--prefix=a/", "--include=*.x", "--columns=auto", "--only-bucket=media", "--copy-via=multipart", "--storage-class=GLACIER_IR")
	if err != nil || o.Method != plan.MethodAuto || !o.AllVersions || o.Unconfirmed != 100_000 || o.MinSize != 128<<10 || o.MaxSize != 1<<30 || o.MinAge.Hours() != 48 ||
		o.Multipart != 64<<20 || len(o.Prefixes) != 1 || len(o.IncludeGlobs) != 1 || !o.OnlyBucket || o.CopyVia != plan.ViaMultipart || !o.BucketKey || o.StorageClasses[0] != "GLACIER_IR" {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := selected(t, "--sse=AES256"); err != nil || o.BucketKey {
		t.Errorf("SSE-S3 has no bucket keys: %+v, %v", o, err)
	}
}

// What says where the report is and how it is read decides nothing.
func TestDecides(t *testing.T) {
	for option, want := range map[string]bool{"prefix": true, "columns": true, "only-bucket": true, "acl": true, "manifest": false, "memory": false, "kms-rps": false, "job": false} {
		if Decides(option) != want {
			t.Errorf("%s: %v", option, !want)
		}
	}
}

func TestBucketName(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "media": "media", "s3://media/": "media", "s3://media": "media", "arn:aws:s3:::media": "media", "arn:aws-cn:s3:::media/": "media", "Old_Name": "Old_Name",
		"arn:aws:s3:eu-west-1:111122223333:accesspoint/ap": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap",
	} {
		if got, err := BucketName(given); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
	for given, want := range map[string]string{"s3://media/a/b": "such as media", "a": "no bucket can", "-media": "no bucket can", "me dia": "no bucket can"} {
		if got, err := BucketName(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
}

func TestRemembered(t *testing.T) {
	for text, want := range map[string]struct {
		objects int
		share   float64
	}{"0": {}, "1000": {1000, 0}, " 5 ": {5, 0}, "1%": {0, 0.01}, "100%": {0, 1}} {
		if n, share, err := Remembered(text); err != nil || n != want.objects || share != want.share {
			t.Errorf("%q: %d, %v, %v; want %v", text, n, share, err, want)
		}
	}
	for _, text := range []string{"-1", "999999999999", "0.01", "some", "101%"} {
		if n, share, err := Remembered(text); err == nil {
			t.Errorf("%q: %d, %v, want an error", text, n, share)
		}
	}
}

func TestMaxCost(t *testing.T) {
	for text, want := range map[string]cost.Money{"": 0, "250": 250_00 * cost.Cent, "99.50": 99_50 * cost.Cent} {
		if m, err := MaxCost(text); err != nil || m != want {
			t.Errorf("%q: %v, %v; want %v", text, m, err, want)
		}
	}
	for _, text := range []string{"0", "-1", "much"} {
		if m, err := MaxCost(text); err == nil {
			t.Errorf("%q: %v, want an error", text, m)
		}
	}
}

// Rates that no run can keep are refused, and a share is read as one.
func TestRates(t *testing.T) {
	read := func(args ...string) (Rates, error) {
		var r Rates
		f := pflag.NewFlagSet("run", pflag.ContinueOnError)
		r.Bind(f)
		if err := f.Parse(args); err != nil {
			return r, err
		}
		got, err := r.Read()
		if err == nil && (got.KMSShare != 0.25 || got.S3Writes != 100 || got.Headroom == nil || got.Headroom.RPS != 5 || got.HeadroomText != "5") {
			t.Errorf("%+v", got)
		}
		return r, err
	}
	if _, err := read("--kms-share=25%", "--s3-rps=100", "--kms-headroom=5"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"--kms-share=0%", "--kms-share=half", "--s3-rps=0", "--s3-rps=NaN", "--kms-rps=-1", "--kms-headroom=100%"} {
		if _, err := read(bad); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// A bucket that is stated has a number, a size and one class, and lies where prices are
// known.
func TestStated(t *testing.T) {
	if s := (Stated{}); s.Asked() || !(&Stated{Objects: 1}).Asked() || !(&Stated{Size: "1GB"}).Asked() {
		t.Error("what is stated, and what is not")
	}
	if n, err := (&Stated{Objects: 5, Size: "1GB"}).Bytes(); err != nil || n != 1<<30 {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []Stated{{Objects: -1, Size: "1GB"}, {Objects: mostObjects + 1, Size: "1GB"}, {Objects: 1}, {Objects: 1, Size: "51TB"}, {Objects: 1, Size: "big"}} {
		if n, err := bad.Bytes(); err == nil {
			t.Errorf("%+v: %d", bad, n)
		}
	}
	if c, err := OneClass(nil); err != nil || c != "STANDARD" {
		t.Errorf("%v, %v", c, err)
	}
	for _, bad := range [][]string{{"STANDARD", "GLACIER"}, {"COLD"}} {
		if c, err := OneClass(bad); err == nil {
			t.Errorf("%q: %v", bad, c)
		}
	}
	prices := cost.BuiltIn()
	for region, want := range map[string]string{"eu-west-1": "", "": "a Region is needed", "cn-north-1": "in yuan", "mars-1": "there are prices for "} {
		if err := PricedRegion(prices, region); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", region, err, want)
		}
	}
}

// Assumptions are checked, and get into what an estimate rests on.
func TestAssumptions(t *testing.T) {
	a := Assumptions{Latency: 5, CopyRate: "200MB", Gets: 7, Puts: 8}
	var p cost.Params
	if err := a.Check(); err != nil {
		t.Error(err)
	}
	if a.Into(&p); p.Latency != 5 || p.CopyRate != 200<<20 || p.MonthlyGets != 7 || p.MonthlyPuts != 8 {
		t.Errorf("%+v", p)
	}
	for _, bad := range []Assumptions{{Latency: -1}, {CopyRate: "0"}, {CopyRate: "fast"}, {Gets: -1}, {Puts: -1}} {
		if err := bad.Check(); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// Files of prices and facts that are none are the user's mistake; nothing named is none.
func TestFilesOfPricesAndFacts(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	broken := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(broken, []byte("no JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := Facts(""); f != nil || err != nil {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := Prices(""); err != nil {
		t.Error(err)
	}
	for _, file := range []string{none, broken} {
		_, priceErr := Prices(file)
		_, factsErr := Facts(file)
		if !errors.As(priceErr, new(*cli.UsageError)) || !errors.As(factsErr, new(*cli.UsageError)) {
			t.Errorf("%s: %v; %v", file, priceErr, factsErr)
		}
	}
}

// A path is taken from where the user stands; what is in S3, and what a shell should have
// expanded, stays.
func TestPathVar(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a/b": filepath.Join(here, "a/b"), "folder/": filepath.Join(here, "folder") + "/", "/abs": "/abs", "s3://b/p/": "s3://b/p/", "~/x": "~/x", "-": "-",
	} {
		var got string
		f := pflag.NewFlagSet("run", pflag.ContinueOnError)
		PathVar(f, &got, "manifest", "where it is")
		if err := f.Parse([]string{"--manifest", text}); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// Whoever is named is told, and nobody where that makes no sense.
func TestNotifyTargets(t *testing.T) {
	if all, err := (&Notify{}).Targets(); all != nil || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	if all, err := (&Notify{Command: "/bin/true", URL: "https://example.com/hook"}).Targets(); len(all) != 2 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	for want, n := range map[string]Notify{"--notify-failures": {Failures: -1}, "cannot be negative": {Throttled: -1}, "--notify-command: ": {Command: `["`}, "--notify-url: ": {URL: "ftp://example.com"}} {
		if _, err := n.Targets(); !errors.As(err, new(*cli.UsageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", n, err, want)
		}
	}
}
