package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
)

// arriveCmd has other clients write objects beside, under SSE-S3: so many below a prefix
// at once, or one after the other until the script says stop.
//
//	arrive N PREFIX
//	arrive every=DURATION PREFIX
//	arrive stop
func arriveCmd(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts)
	write := func(key string) {
		s.sim.Locked(func(w *simulator.World) {
			ts.Check(w.SeedObject(scriptBucket, simulator.ObjectInfo{Key: key, Size: 7, LastModified: time.Now()}, simulator.Body{}))
		})
	}
	if len(args) == 1 && args[0] == "stop" && s.stopWriter != nil {
		s.stopWriter()
		return
	}
	if len(args) == 2 && args[0] == "key=other" {
		s.sim.Locked(func(w *simulator.World) {
			ts.Check(w.SeedObject(scriptBucket, simulator.ObjectInfo{Key: args[1], Size: 7, LastModified: time.Now(),
				Encryption: simulator.Encryption{Type: simulator.SSEKMS, KMSKeyARN: "arn:aws:kms:us-east-1:111122223333:key/another"}}, simulator.Body{}))
		})
		return
	}
	if len(args) != 2 {
		ts.Fatalf("usage: arrive N PREFIX, arrive every=DURATION PREFIX, arrive key=other KEY, arrive stop")
	}
	every, writes := strings.CutPrefix(args[0], "every=")
	if !writes {
		for i := range number(ts, args[0]) {
			write(fmt.Sprintf("%s%04d", args[1], i))
		}
		return
	}
	d, err := time.ParseDuration(every)
	ts.Check(err)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			write(fmt.Sprintf("%s%06d", args[1], i))
			select {
			case <-time.After(d):
			case <-stop:
				return
			}
		}
	}()
	s.stopWriter = func() {
		close(stop)
		<-stopped
		s.stopWriter = func() {}
	}
	ts.Defer(func() { s.stopWriter() })
}
