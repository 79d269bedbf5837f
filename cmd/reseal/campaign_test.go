package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// bucketCmd makes one more bucket of plain objects in the account, with a report, and
// puts it into the list campaign.yaml; only.yaml has the first one alone:
//
//	bucket NAME objects=N [key=KEY] [versioned]
func bucketCmd(ts *testscript.TestScript, neg bool, args []string) {
	s, name := sceneOf(ts), args[0]
	pop, key, versioned := simulator.Population{Seed: 7, Plain: true}, simaws.Key, false
	for _, a := range args[1:] {
		option, value, _ := strings.Cut(a, "=")
		switch option {
		case "objects":
			pop.N = int64(number(ts, value))
		case "key":
			key = value
		case "versioned":
			versioned = true
		default:
			ts.Fatalf("bucket %s: no such option", a)
		}
	}
	ts.Check(s.sim.MakeBuckets(time.Now(), name))
	s.sim.Locked(func(w *simulator.World) {
		ts.Check(w.Populate(name, pop))
		if versioned {
			if err := w.PutBucketVersioning(time.Now(), s.sim.Request(name), "Enabled"); err != nil {
				ts.Fatalf("%v", err)
			}
		}
	})
	manifest, err := s.sim.WriteReport(context.Background(), name, simaws.Report{})
	ts.Check(err)
	file := ts.MkAbs("campaign.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		text = []byte("format: reseal-campaign/1\nbuckets:\n")
	}
	text = fmt.Appendf(text, "  - name: %s\n    manifest: %s\n    sse-kms-key-id: %s\n    include: true\n", name, manifest, key)
	ts.Check(os.WriteFile(file, text, 0o600))
	if only := ts.MkAbs("only.yaml"); !exists(only) { // the first one alone
		ts.Check(os.WriteFile(only, text, 0o600))
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// onceCmd fails unless so many objects of each bucket were written once, and none twice:
//
//	once NAME=N...
func onceCmd(ts *testscript.TestScript, neg bool, args []string) {
	for _, a := range args {
		name, want, _ := strings.Cut(a, "=")
		got := sceneOf(ts).sim.Rewrites(name, "reseal-probe")
		for times, n := range got {
			if times > 1 && n > 0 {
				ts.Fatalf("%s: %d objects were written %d times", name, n, times)
			}
		}
		if got[1] != int64(number(ts, want)) {
			ts.Fatalf("%s: %d objects were written, want %s", name, got[1], want)
		}
	}
}
