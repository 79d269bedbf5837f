package migrate

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

// TestClientKeys: every object that its client encrypts counts, three of them are
// named, also after a restart.
func TestClientKeys(t *testing.T) {
	looked := func(key string, meta map[string]string) *engine.Result {
		return &engine.Result{Task: plan.Task{Record: inventory.Record{Key: key}, Head: &plan.Head{Metadata: meta}}}
	}
	sealed := map[string]string{"x-amz-key-v2": "AAAA", "x-amz-iv": "BBBB"}
	counters := map[string]int64{}
	first := &clientKeys{known: func() map[string]int64 { return maps.Clone(counters) }}
	count := func(k *clientKeys, r *engine.Result) {
		for _, name := range k.counters(r) {
			if len(name) > 256 { // what a checkpoint takes
				t.Errorf("a counter of %d bytes", len(name))
			}
			counters[name]++
		}
	}
	count(first, looked("plain", map[string]string{"owner": "me"}))
	count(first, &engine.Result{Task: plan.Task{Record: inventory.Record{Key: "blind"}}})
	count(first, looked(strings.Repeat("long", 200), sealed))
	for i := range 2 {
		count(first, looked(fmt.Sprint("a", i), sealed))
	}
	again := &clientKeys{known: first.known}
	for i := range 3 {
		count(again, looked(fmt.Sprint("b", i), sealed))
	}
	if got, want := job.ClientEncrypted(counters), (report.ClientEncrypted{Objects: 6, Keys: []string{"a0", "a1", "b0"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}

// TestFoundKeys: an object that a look showed to be encrypted counts under the key
// that it showed, and one that nobody looked at under none.
func TestFoundKeys(t *testing.T) {
	const arn = "arn:aws:kms:us-east-1:111122223333:key/"
	looked := func(key string) engine.Result {
		return engine.Result{Outcome: engine.Skipped, Reason: plan.AlreadyEncrypted, Task: plan.Task{Head: &plan.Head{KMSKeyID: key}}}
	}
	failed, dual := looked(arn+"wanted"), looked(arn+"wanted")
	failed.Outcome, dual.Reason = engine.Failed, plan.DualLayer
	blind := looked("")
	blind.Task.Head = nil
	for _, tt := range []struct {
		name, aws string
		result    engine.Result
		want      string
	}{
		{"the key", arn + "aws", looked(arn + "wanted"), job.CounterWantedKey},
		{"aws/s3", arn + "aws", looked(arn + "aws"), job.CounterAWSKey},
		{"another", arn + "aws", looked(arn + "other"), job.CounterOtherKey},
		{"another, aws/s3 not known", "", looked(arn + "other"), job.CounterUnsorted},
		{"the key, aws/s3 not known", "", looked(arn + "wanted"), job.CounterWantedKey},
		{"not looked at", arn + "aws", blind, ""},
		{"no key shown", arn + "aws", looked(""), ""},
		{"failed", arn + "aws", failed, ""},
		{"left alone for another reason", arn + "aws", dual, ""},
	} {
		if got := (FoundKeys{Wanted: arn + "wanted", AWS: tt.aws}).counter(&tt.result); got != tt.want {
			t.Errorf("%s: counted as %q, want %q", tt.name, got, tt.want)
		}
	}
}
