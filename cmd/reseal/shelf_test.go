package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/internal/simulator/simaws"
)

// configureCmd gives a bucket a configuration: configure BUCKET KIND FILE, with
// KIND as in the query of the request.
func configureCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: configure BUCKET KIND FILE")
	}
	s, doc := sceneOf(ts).sim, []byte(ts.ReadFile(args[2]))
	s.Locked(func(w *simulator.World) {
		if err := w.PutBucketConfig(time.Now(), s.Request(args[0]), simulator.ConfigKind(args[1]), "", doc); err != nil {
			ts.Fatalf("%v", err)
		}
	})
}

// shelfCmd puts a file into the bucket of reports, or lets that lose the objects
// whose keys hold a text: shelf put KEY FILE, shelf lose TEXT
func shelfCmd(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts).sim
	if len(args) == 3 && args[0] == "put" {
		depot := &front.BucketDepot{Bucket: simaws.ReportBucket}
		w, err := depot.Create(args[1])
		ts.Check(err)
		_, err = io.WriteString(w, ts.ReadFile(args[2]))
		ts.Check(errors.Join(err, w.Close()))
		s.Locked(func(w *simulator.World) { err = depot.Deliver(w, time.Now()) })
		ts.Check(err)
		return
	}
	if len(args) != 2 || args[0] != "lose" {
		ts.Fatalf("usage: shelf put KEY FILE, shelf lose TEXT")
	}
	s.Locked(func(w *simulator.World) {
		var keys []string
		for o := range w.Walk(simaws.ReportBucket) {
			if strings.Contains(o.Key, args[1]) {
				keys = append(keys, o.Key)
			}
		}
		if len(keys) == 0 {
			ts.Fatalf("shelf lose %s: nothing there", args[1])
		}
		for _, key := range keys {
			if _, err := w.DeleteObject(time.Now(), &simulator.DeleteObjectInput{Request: *s.Request(simaws.ReportBucket), Key: key}); err != nil {
				ts.Fatalf("%v", err)
			}
		}
	})
}
