package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"reseal/checkpoint"
	"reseal/control"
)

// Run is one run of a job, as an auditor asks for it.
type Run struct {
	Command  string    `json:"command"`         // run, retry-failed, import
	Share    string    `json:"share,omitempty"` // I/N of a job that is divided
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`           // zero while it goes on, and where it was cut off
	ExitCode *int      `json:"exit_code,omitempty"`      // null while it goes on, and where it was cut off
	Ending   string    `json:"ending,omitempty"`         // in words
	By       Who       `json:"by"`                       //
	Program  string    `json:"program"`                  // version
	Commit   string    `json:"commit,omitempty"`         // of the source it was built from, as far as known
	SHA256   string    `json:"program_sha256,omitempty"` // of its file, where the commit is not known, or does not tell all
	Line     string    `json:"command_line"`             // without secrets
	Options  Told      `json:"options,omitempty"`        // that held
	Accepted []string  `json:"accepted,omitempty"`       // hazards, by name

	Orders []control.Order `json:"orders,omitempty"` // that steered it, the last ones of many
}

// ImportCommand is the command that takes outcomes over from another engine.
const ImportCommand = "import"

// Over tells whether the run recorded its end.
func (r *Run) Over() bool { return r.ExitCode != nil }

// runs is a document of runs.
type runs struct {
	Version int   `json:"version"`
	Runs    []Run `json:"runs"` // first to last, the last ones of many
}

const (
	runsFile   = "runs.json"
	runsFolder = "runs"

	// maxRuns bounds a document of runs: it takes about 2 KB a run.
	maxRuns = 500

	maxOrders = 100 // of a run
)

// runsName is the name of the document for a share, "" for the whole job.
func runsName(share string) string {
	if share == "" {
		return runsFile
	}
	return runsFolder + "/" + strings.Replace(share, "/", "-of-", 1) + ".json"
}

// Record is a run that goes on.
type Record struct {
	store checkpoint.Store

	mu  sync.Mutex
	run Run
}

// Begin records that a run begins. Nobody else writes the document meanwhile, as
// the job or its share is held.
func Begin(ctx context.Context, store checkpoint.Store, r Run) (*Record, error) {
	r.Started = time.Now().UTC().Truncate(time.Millisecond)
	record := &Record{store: store, run: r}
	return record, record.put(ctx)
}

// End records how the run ended.
func (r *Record) End(ctx context.Context, exitCode int, ending string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run.Ended, r.run.ExitCode, r.run.Ending = time.Now().UTC().Truncate(time.Millisecond), &exitCode, ending
	return r.put(ctx)
}

// Order records a request that steered the run.
func (r *Record) Order(ctx context.Context, o control.Order) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run.Orders = append(r.run.Orders, o)
	if more := len(r.run.Orders) - maxOrders; more > 0 {
		r.run.Orders = slices.Delete(r.run.Orders, 0, more)
	}
	return r.put(ctx)
}

// put writes the run into its document, at its place.
func (r *Record) put(ctx context.Context) error {
	name := runsName(r.run.Share)
	for n := 1; ; n++ {
		doc := &runs{Version: format}
		was, err := read(ctx, r.store, name, doc)
		if err != nil {
			return err
		}
		same := func(o Run) bool {
			return o.Started.Equal(r.run.Started) && o.By.PID == r.run.By.PID && o.By.Host == r.run.By.Host
		}
		if i := slices.IndexFunc(doc.Runs, same); i >= 0 {
			doc.Runs[i] = r.run
		} else {
			doc.Runs = append(doc.Runs, r.run)
		}
		if more := len(doc.Runs) - maxRuns; more > 0 {
			doc.Runs = slices.Delete(doc.Runs, 0, more)
		}
		err = write(ctx, r.store, name, doc, was)
		if err == nil || !conflicts(err) || n == attempts {
			return err
		}
	}
}

// Runs returns the runs of a job, those of its shares included, first to last.
func Runs(ctx context.Context, store checkpoint.Reader) ([]Run, error) {
	names := []string{runsFile}
	infos, err := store.List(ctx, runsFolder)
	if err != nil {
		return nil, err
	}
	for _, info := range infos {
		if path.Ext(info.Name) == ".json" {
			names = append(names, info.Name)
		}
	}
	var all []Run
	for _, name := range names {
		doc := &runs{}
		if _, err := read(ctx, store, name, doc); err != nil {
			return all, err
		}
		all = append(all, doc.Runs...)
	}
	slices.SortStableFunc(all, func(a, b Run) int { return a.Started.Compare(b.Started) })
	return all, nil
}

// secret is what no command line should hold, and no record keeps: ids of access
// keys, passwords in addresses, signed parameters.
var secret = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}|(://)[^/@\s]+@|(?i)\b(?:x-amz-(?:signature|credential|security-token)|signature|credential|token|password|secret)=[^\s&'"]+`)

// private are the flags whose values are left out as a whole: the path of an address may
// be a secret.
var private = []string{"--notify-url", "--notify-command"}

// CommandLine writes a command line so that a shell takes it, without secrets.
func CommandLine(program string, args []string) string {
	words := []string{program}
	for i, a := range args {
		for _, flag := range private {
			if strings.HasPrefix(a, flag+"=") {
				a = flag + "=[left out]"
			} else if i > 0 && args[i-1] == flag {
				a = "[left out]"
			}
		}
		words = append(words, shellWord(secret.ReplaceAllString(a, "${1}[left out]")))
	}
	return strings.Join(words, " ")
}

func shellWord(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, odd) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Commit returns the commit that this program was built from, "" where the build
// does not tell; one with changes on top ends in "+".
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+"
			}
		}
	}
	if commit == "" {
		return ""
	}
	return commit[:min(len(commit), 12)] + changed
}

// Built says what this program was built from: the commit, and where that is not known
// or does not tell all, the SHA-256 of its file. Either is "" where it cannot be told.
// The file is read once a process, as it may have tens of megabytes.
func Built() (commit, sha256Hex string) { return built() }

var built = sync.OnceValues(readBuilt)

func readBuilt() (commit, sha256Hex string) {
	commit = Commit()
	if commit != "" && !strings.HasSuffix(commit, "+") {
		return commit, ""
	}
	path, err := os.Executable()
	if err != nil {
		return commit, ""
	}
	f, err := os.Open(path)
	if err != nil {
		return commit, ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return commit, ""
	}
	return commit, hex.EncodeToString(sum.Sum(nil))
}

// String describes a run in one line, for people.
func (r *Run) String() string {
	return fmt.Sprintf("%s by %s on %s, process %d", r.Command, r.By.User, r.By.Host, r.By.PID)
}
