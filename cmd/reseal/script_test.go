package main

import (
	"context"
	"errors"

	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// TestMain lets scripts and tests run this very binary as the command reseal.
func TestMain(m *testing.M) {
	testscript.Main(configFolder{m}, map[string]func(){"reseal": audited})
}

// TestScripts runs testdata/script/*.txt, which read as a manual.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, simaws.CleanEnvironment(nil)...)
			env.Setenv("KEY", simaws.Key)
			env.Setenv("BUCKET", scriptBucket)
			withConfigFolder(env)
			fixtures, err := filepath.Abs("../../inventory/testdata/fixtures")
			auditScript(env)
			env.Setenv("FIXTURES", fixtures)
			env.Setenv("AT", "inv/acme-media-archive/daily-full/2025-11-21T02-00Z/manifest.json")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"simulate":   simulateCmd,
			"fault":      faultCmd,
			"keystate":   keyStateCmd,
			"counted":    countedCmd,
			"digest":     digestCmd,
			"exits":      exitsCmd,
			"waitfor":    waitForCmd,
			"eventually": eventuallyCmd,
			"quiet":      quietCmd,
			"leftover":   leftoverCmd,
			"unencrypt":  unencryptCmd,
			"configure":  configureCmd,
			"shelf":      shelfCmd,
			"knobs":      knobsCmd,
			"estimate":   estimateCmd,
			"spent":      spentCmd,
			"hook":       hookCmd,
			"rekey":      rekeyCmd,
			"bucket":     bucketCmd,
			"table":      tableCmd,
			"once":       onceCmd,
			"arrive":     arriveCmd,
		},
	})
}

const scriptBucket = "script-bucket"

// scene is the simulated account that a script plays in.
type scene struct {
	sim     *simaws.Account
	digests map[string][32]byte

	stopWriter func() // nil before one was started
}

// scenes finds the scene of a script; there is one a script, which runs alone.
var scenes sync.Map // *testscript.TestScript -> *scene

func sceneOf(ts *testscript.TestScript) *scene {
	s, ok := scenes.Load(ts)
	if !ok {
		ts.Fatalf("no simulation yet: start one with simulate")
	}
	return s.(*scene)
}

// simulateCmd starts a simulated S3 for the rest of the script:
//
//	simulate table=METADATA
//	simulate objects=N [kms=RPS] [latency=D] [archived] [plain] [versioned] [history] [from=MANIFEST]
//
// # With history each object has two versions
//
// It sets MANIFEST and the AWS variables.
func simulateCmd(ts *testscript.TestScript, neg bool, args []string) {
	c := simaws.Config{Seed: 1}
	pop := simulator.Population{Seed: 1}
	from, versioned, history, table := "", false, false, false
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "objects":
			pop.N = int64(number(ts, value))
		case "kms":
			c.KMSQuota = number(ts, value)
		case "latency":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			c.Latency = d
		case "archived":
			pop.Archived = true
		case "plain":
			pop.Plain = true
		case "versioned":
			versioned = true
		case "history":
			history = true
		case "from":
			from = ts.MkAbs(value)
		case "table":
			from, table = ts.MkAbs(value), true
		default:
			ts.Fatalf("simulate %s: no such option", a)
		}
	}
	sim, err := simaws.New(c)
	ts.Check(err)
	manifest := ""
	if from != "" {
		manifest = from
		_, err = sim.Load(context.Background(), from)
		if table && err == nil {
			manifest, err = sim.LoadTable(from, "b_"+scriptBucket)
		}
	} else if history {
		manifest, err = populateHistory(context.Background(), sim, pop.N, ts.MkAbs("inventory"))
	} else {
		manifest, err = sim.Populate(context.Background(), scriptBucket, pop, simaws.Report{Folder: ts.MkAbs("inventory")})
	}
	ts.Check(err)
	if versioned {
		if err := sim.World.PutBucketVersioning(time.Now(), sim.Request(scriptBucket), "Enabled"); err != nil {
			ts.Fatalf("%v", err)
		}
	}
	ts.Setenv("MANIFEST", manifest)
	serveScene(ts, sim)
}

// serveScene serves an account until the script ends, and has the script use it.
func serveScene(ts *testscript.TestScript, sim *simaws.Account) {
	books := auditsOf(ts).begin(sim)
	ts.Defer(startServing(sim))
	env, err := sim.Environment(context.Background(), ts.MkAbs("."))
	ts.Check(err)
	setEnvironment(ts, append(env, books.environment()))
	scenes.Store(ts, &scene{sim: sim, digests: map[string][32]byte{}})
	ts.Defer(func() { scenes.Delete(ts) })
}

// faultCmd makes requests fail:
//
//	fault OPERATION CODE STATUS [key=PATTERN] [nth=N] [count=N] [message=TEXT]
func faultCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: fault OPERATION CODE STATUS [key=PATTERN] [nth=N] [count=N]")
	}
	f := simulator.Fault{Op: simulator.Op(args[0]), Code: args[1], HTTPStatus: number(ts, args[2])}
	for _, a := range args[3:] {
		name, value, _ := strings.Cut(a, "=")
		switch name {
		case "key":
			f.Key = value
		case "nth":
			f.Nth = int64(number(ts, value))
		case "count":
			f.Count = int64(number(ts, value))
		case "message":
			f.Message = value
		default:
			ts.Fatalf("fault %s: no such option", a)
		}
	}
	sceneOf(ts).sim.Locked(func(w *simulator.World) { w.AddFault(f) })
}

// keyStateCmd changes the state of the KMS key: keystate Disabled
func keyStateCmd(ts *testscript.TestScript, neg bool, args []string) {
	sceneOf(ts).sim.Locked(func(w *simulator.World) { ts.Check(w.SetKeyState(simaws.Key, simulator.KeyState(args[0]))) })
}

// countedCmd compares what the simulator counted:
//
//	counted copies=N twice=N puts=N deletes=N kms=N fullest<=N objects=N encrypted=N
func countedCmd(ts *testscript.TestScript, neg bool, args []string) {
	sim := sceneOf(ts).sim
	histogram, c := sim.Rewrites(scriptBucket), sim.Counters()
	d := sim.Digest(scriptBucket)
	var once, twice int64
	for times, n := range histogram {
		if times == 1 {
			once += n
		}
		if times > 1 {
			twice += n
		}
	}
	got := map[string]int64{
		"copied": once, "twice": twice, "objects": d.Objects, "encrypted": d.Encrypted, "kms": c.KMS.Total,
		"copies": c.OK("CopyObject"), "heads": c.Ops("HeadObject"), "puts": c.Ops("PutObject"), "deletes": c.Ops("DeleteObject"),
		"updates": c.OK("UpdateObjectEncryption"), "asked": c.Ops("UpdateObjectEncryption"), "parts": c.OK("UploadPartCopy"), "aborts": c.OK("AbortMultipartUpload"),
		"fullest": c.KMS.FullestSecond, "datakeys": c.KMS.Calls["GenerateDataKey"],
		"tagreads": c.Ops("GetObjectTagging"),
	}
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		atMost := strings.HasSuffix(name, "<")
		name = strings.TrimSuffix(name, "<")
		n, known := got[name]
		if !known {
			ts.Fatalf("counted %s: nothing of that name; there are %v", name, got)
		}
		want := int64(number(ts, value))
		if atMost && n > want || !atMost && n != want {
			ts.Fatalf("counted %s: %d, want %s (all: %v)", name, n, value, got)
		}
	}
}

// digestCmd remembers or compares the state of the bucket: digest save, digest
// same, digest carried (all but encryption, ETag and dates is as when saved).
func digestCmd(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts)
	var whole [32]byte
	s.sim.Locked(func(w *simulator.World) { whole = w.Digest(scriptBucket, nil) })
	carried := s.sim.Digest(scriptBucket).Carried
	switch args[0] {
	case "save":
		s.digests["whole"], s.digests["carried"] = whole, carried
	case "same":
		if (s.digests["whole"] == whole) == neg {
			ts.Fatalf("the bucket differs: %v, want %v", s.digests["whole"] != whole, neg)
		}
	case "carried":
		if (s.digests["carried"] == carried) == neg {
			ts.Fatalf("metadata, tags, class or body differ: %v, want %v", s.digests["carried"] != carried, neg)
		}
	default:
		ts.Fatalf("digest %s: want save, same or carried", args[0])
	}
}

// exitsCmd runs a command and checks its exit code: exits CODE reseal ARGS...
func exitsCmd(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if code != number(ts, args[0]) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// unencryptCmd takes one object from under the key, as nobody should: with a
// date from before the run.
func unencryptCmd(ts *testscript.TestScript, neg bool, args []string) {
	sceneOf(ts).sim.Locked(func(w *simulator.World) {
		for o, body := range w.Walk(scriptBucket) {
			o.Encryption = simulator.Encryption{Type: simulator.SSES3}
			ts.Check(w.SeedObject(scriptBucket, o, body))
			return
		}
	})
}

// waitForCmd waits until the simulator has counted that many copies: waitfor 100
func waitForCmd(ts *testscript.TestScript, neg bool, args []string) {
	want := int64(number(ts, args[0]))
	for deadline := time.Now().Add(5 * time.Minute); sceneOf(ts).sim.Copies() < want; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%d copies after five minutes, want %d", sceneOf(ts).sim.Copies(), want)
		}
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		ts.Fatalf("%q is not a number", text)
	}
	return n
}
