package main

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
)

// tableCmd changes the table that a script began with:
//
//	table moves METADATA        it moves on to what is in that local folder
//	table is STATUS             S3 Metadata says so of it, as the bucket's live inventory
//	table forgets s3://BUCKET/KEY   a file of it is removed
func tableCmd(ts *testscript.TestScript, neg bool, args []string) {
	sim := sceneOf(ts).sim
	switch args[0] {
	case "moves":
		_, err := sim.LoadTable(ts.MkAbs(args[1]), "b_"+scriptBucket)
		ts.Check(err)
	case "is":
		ts.Check(sim.SetTableStatus(scriptBucket, args[1]))
	case "forgets":
		bucket, key, _ := strings.Cut(strings.TrimPrefix(args[1], "s3://"), "/")
		sim.Locked(func(w *simulator.World) {
			if _, err := w.DeleteObject(time.Now(), &simulator.DeleteObjectInput{Request: *sim.Request(bucket), Key: key}); err != nil {
				ts.Fatalf("%v", err)
			}
		})
	default:
		ts.Fatalf("table %s: want moves, is or forgets", args[0])
	}
}
