package main

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
)

// configureCmd gives a bucket a configuration: configure BUCKET KIND FILE, with
// KIND as in the query of the request.
func configureCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: configure BUCKET KIND FILE")
	}
	s, doc := sceneOf(ts).sim, []byte(ts.ReadFile(args[2]))
	s.front.Locked(func(w *simulator.World) {
		if err := w.PutBucketConfig(time.Now(), s.request(args[0]), simulator.ConfigKind(args[1]), "", doc); err != nil {
			ts.Fatalf("%v", err)
		}
	})
}

// shelfCmd lets the bucket of reports lose the objects whose keys hold a text:
// shelf lose TEXT
func shelfCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || args[0] != "lose" {
		ts.Fatalf("usage: shelf lose TEXT")
	}
	s := sceneOf(ts).sim
	s.front.Locked(func(w *simulator.World) {
		var keys []string
		for o := range w.Walk(simReports) {
			if strings.Contains(o.Key, args[1]) {
				keys = append(keys, o.Key)
			}
		}
		if len(keys) == 0 {
			ts.Fatalf("shelf lose %s: nothing there", args[1])
		}
		for _, key := range keys {
			if _, err := w.DeleteObject(time.Now(), &simulator.DeleteObjectInput{Request: *s.request(simReports), Key: key}); err != nil {
				ts.Fatalf("%v", err)
			}
		}
	})
}
