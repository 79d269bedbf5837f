package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/cost"
)

// spentCmd checks what a job has cost, by its own account and at the prices of
// maxcost.txt by the simulator's, of which probes are a small part:
//
//	spent JOB LOW HIGH
func spentCmd(ts *testscript.TestScript, neg bool, args []string) {
	low, high := float64(number(ts, args[1])), float64(number(ts, args[2]))
	snapshot, err := readStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	if got := float64(snapshot.Spent) / float64(cost.Dollar); got < low || got > high {
		ts.Fatalf("the job says that it cost %.2f, want %.0f to %.0f", got, low, high)
	}
	histogram, _ := sceneOf(ts).sim.counted(scriptBucket)
	var copies int64
	for times, n := range histogram {
		copies += int64(times) * n
	}
	if float64(copies) > high {
		ts.Fatalf("%d copies at a dollar, want %.0f at most", copies, high)
	}
}
