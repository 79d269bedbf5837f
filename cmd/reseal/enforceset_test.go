package main

import (
	"bytes"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// TestEnforceSetsBack: where something fails after the first write, the settings
// are what they were.
func TestEnforceSetsBack(t *testing.T) {
	denied := simulator.Fault{Code: "AccessDenied", HTTPStatus: 403, Message: "no", Count: 1}
	for _, tt := range []struct {
		name string
		op   simulator.Op
		nth  int64 // which request fails
		code int
	}{
		{"the policy is refused", simulator.OpPutBucketConfig, 1, exitFatal},
		{"the default encryption is refused", simulator.OpPutBucketEncryption, 1, exitFatal},
		{"nothing can be read back", simulator.OpGetBucketConfig, 8, exitFatal},
		{"uploads fail after the change", simulator.OpPutObject, 3, exitFatal},
		{"uploads fail before it", simulator.OpPutObject, 1, exitRefused},
	} {
		n := newNight(t, func(*simulator.World, *simulator.Request) error { return nil }, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
		n.as(false)
		show := func() string {
			_, out, _ := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key)
			return out
		}
		before := show()
		n.sim.Locked(func(w *simulator.World) {
			f := denied
			f.Op, f.Nth = tt.op, tt.nth
			w.AddFault(f)
		})
		code, _, messages := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes", "--probe-key-prefix", "scratch/", "--settle-timeout", "0s")
		if code != tt.code || strings.Contains(messages, "Done") {
			t.Errorf("%s: exit %d, want %d\n%s", tt.name, code, tt.code, messages)
		}
		if after := show(); after != before {
			t.Errorf("%s: the settings differ:\n%s\nwere\n%s", tt.name, after, before)
		}
		if d := n.sim.Digest(scriptBucket); d.Objects != 0 {
			t.Errorf("%s: %d scratch objects are left", tt.name, d.Objects)
		}
	}
}

// TestEnforceAsks: a person is asked, and the question is not answered by silence.
func TestEnforceAsks(t *testing.T) {
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader("y\n"), stdout: &out, stderr: &messages}
	if err := ask(t.Context(), p, "Change it?", "declined"); err == nil {
		t.Error("what is no terminal was taken for a person who says yes")
	}
}
