package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/canary"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/plan"
)

// What an endpoint refuses of a look at an object, the run names, and it begins
// nothing of a kind that it cannot compare.
func TestNothingIsBegunUnseen(t *testing.T) {
	for _, tt := range []struct {
		op     simulator.Op
		code   string
		status int
	}{
		{simulator.OpGetObjectTagging, "NotImplemented", 501},
		{simulator.OpGetObjectTagging, "AccessDenied", 403},
		{simulator.OpGetObjectTagging, "MethodNotAllowed", 405},
		{simulator.OpGetObjectAcl, "AccessDenied", 403},
		{simulator.OpGetObject, "AccessDenied", 403},
	} {
		for _, flags := range [][]string{nil, {"--no-plan-pass"}, {"--copy-via", "multipart"}} {
			t.Run(fmt.Sprint(tt.op, tt.status, flags), func(t *testing.T) {
				t.Parallel()
				w := faithfulWorld(t, 60, "")
				w.sim.Locked(func(world *simulator.World) {
					world.AddFault(simulator.Fault{Op: tt.op, Bucket: scriptBucket, Code: tt.code, HTTPStatus: tt.status, Message: "not for you"})
				})
				job := filepath.Join(t.TempDir(), "job")
				run := append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
					"--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--accept", "weak-conditions", "--accept", "drops-expires"}, flags...)
				for try := range 2 { // the same command comes to the same end
					cmd := w.command(run...)
					out, _ := cmd.CombinedOutput()
					said := fmt.Sprintf("%s %s (%d)", tt.op, tt.code, tt.status)
					out = []byte(unwrapped(string(out)))
					if code := cmd.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(string(out), said) || w.encrypted() > 0 {
						t.Fatalf("try %d: exit %d, %d objects written; want %d, none, and the words %q\n%s", try+1, code, w.encrypted(), exitRefused, said, out)
					}
				}
				s := w.status(job)
				if s.Canary == nil || len(s.Canary.Kinds) != 1 || s.Canary.Kinds[0].Verdict != canary.NotProven || s.Canary.Kinds[0].Reasons[0].HTTPStatus != tt.status {
					t.Errorf("status: %+v", s.Canary)
				}
			})
		}
	}
}

// A second job over the same report finds the objects that it would choose first
// under the key already, and proves the others all the same.
func TestSecondJobProvesAgain(t *testing.T) {
	for _, flags := range [][]string{nil, {"--copy-via", "multipart"}} {
		t.Run(fmt.Sprint(flags), func(t *testing.T) {
			t.Parallel()
			const objects = 60
			w := faithfulWorld(t, objects, "")
			run := func(job string, more ...string) (code int, out string) {
				cmd := w.command(slices.Concat([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), job), "--yes",
					"--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--accept", "weak-conditions", "--accept", "drops-expires"}, flags, more)...)
				text, _ := cmd.CombinedOutput()
				return cmd.ProcessState.ExitCode(), string(text)
			}
			if code, out := run("first", "--limit", "10"); code != exitStopped {
				t.Fatalf("first job: exit %d\n%s", code, out)
			}
			before := w.encrypted()
			w.sim.Locked(func(world *simulator.World) {
				world.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{simulator.AttrTags}})
			})
			code, out := run("second")
			if n := w.encrypted() - before; code != exitRefused || n == 0 || n > 4 || !strings.Contains(out, "not as before: tags") && !strings.Contains(out, "put back: tags") {
				t.Errorf("second job: exit %d, %d more written; want %d and at most 4\n%s", code, n, exitRefused, out)
			}
			w.sim.Locked(func(world *simulator.World) { world.SetKnobs(simulator.Knobs{}) })
			if code, out = run("third"); code != exitDone || w.encrypted() != objects || !regexp.MustCompile(`proven: \d+ objects? compared`).MatchString(out) {
				t.Errorf("third job: exit %d, %d of %d under the key\n%s", code, w.encrypted(), objects, out)
			}
			if code, out = run("fourth"); code != exitDone || !strings.Contains(out, "nothing to prove") {
				t.Errorf("fourth job: exit %d\n%s", code, out)
			}
		})
	}
}

// What is lost only from objects that no report tells apart is found when the run
// comes to the first of them, and not in the morning.
func TestKindsThatNoReportShows(t *testing.T) {
	t.Parallel()
	const objects = 300
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true, MaxSize: 1000})
	w.sim.Locked(func(world *simulator.World) {
		r := w.sim.Request(scriptBucket)
		i := 0
		for o := range world.Walk(scriptBucket) {
			if i++; i > objects-20 { // the last ones of the report, which no canary is chosen among
				if _, err := world.PutObjectTagging(time.Now(), &simulator.ObjectInput{Request: *r, Key: o.Key}, []simulator.Tag{{Key: "team", Value: "film"}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		world.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{simulator.AttrTags}})
	})
	job := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--no-plan-pass", "--accept", "weak-conditions", "--accept", "drops-expires")
	out, _ := cmd.CombinedOutput()
	var lost int
	w.sim.Locked(func(world *simulator.World) {
		i := 0
		for o := range world.Walk(scriptBucket) {
			if i++; i > objects-20 && len(o.Tags) == 0 {
				lost++
			}
		}
	})
	if code := cmd.ProcessState.ExitCode(); code != exitRefused || lost == 0 || lost > 4 || !strings.Contains(string(out), "drops-tags") {
		t.Errorf("exit %d, tags of %d objects lost\n%s", code, lost, out)
	}
}

// On a bucket whose clients write, tag and delete objects all the time, the copies
// in parts pass their canary, and by the clients' own book nothing is lost.
func TestCanaryWithLiveClients(t *testing.T) {
	t.Parallel()
	const objects = 2000
	w := newTestWorld(t, simaws.Config{Seed: 1, Latency: 2 * time.Millisecond, Jitter: 2 * time.Millisecond}, simulator.Population{N: objects, Seed: 1, Plain: true, MaxSize: 1000})
	now, r := time.Now(), w.sim.Request(scriptBucket)
	w.sim.Locked(func(world *simulator.World) {
		if err := world.PutBucketVersioning(now, r, simulator.Enabled); err != nil {
			t.Fatal(err)
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--copy-via", "multipart", "--probe-key-prefix", "reseal-probe/",
		"--accept", "versioned", "--kms-rps", "50000")
	ended := make(chan struct{})
	var out []byte
	go func() { defer close(ended); out, _ = cmd.CombinedOutput() }()
	book := w.clients(ended, objects)
	code, failed := cmd.ProcessState.ExitCode(), ""
	if code == exitFailures { // clients change an object in all rounds, or tag one right before it is compared
		doubt := plan.NotKept([]plan.Attribute{plan.Tags})
		lines, _ := w.command("report", "--job", job, "--format", "csv").Output()
		for line := range strings.Lines(string(lines)) {
			if strings.Contains(line, ",failed,") && !strings.Contains(line, "changing: ") && !strings.Contains(line, doubt) {
				failed += line
			}
		}
	}
	if code != exitDone && code != exitFailures || failed != "" || !strings.Contains(string(out), "proven: ") {
		t.Fatalf("exit %d\n%s\n%s", code, failed, out)
	}
	w.sim.Locked(func(world *simulator.World) {
		there := map[string]bool{}
		for o := range world.Walk(scriptBucket) {
			if !o.IsLatest || o.DeleteMarker {
				continue
			}
			there[o.Key] = true
			switch e := book[o.Key]; {
			case e == nil:
			case e.deleted:
				t.Errorf("%q is back", o.Key)
			case e.size > 0 && o.Size != e.size:
				t.Errorf("%q has %d bytes, its client wrote %d", o.Key, o.Size, e.size)
			case e.tag != "" && !slices.Contains(o.Tags, simulator.Tag{Key: "by", Value: e.tag}):
				t.Errorf("%q has tags %v, its client set %q", o.Key, o.Tags, e.tag)
			}
		}
		for key, e := range book {
			if !e.deleted && !there[key] {
				t.Errorf("%q is gone", key)
			}
		}
	})
	if len(book) < objects/10 {
		t.Errorf("clients touched only %d objects", len(book))
	}
}

// entry is what clients last did to an object.
type entry struct {
	size    int64
	tag     string
	deleted bool
}

// clients write, tag and delete objects, all over the bucket, until ended is closed:
// once for every few looks of the run, so that a slow machine has no busier bucket. No
// object is tagged twice without a write in between. S3 has no condition for tags, so
// the second one is lost where it falls into the repair of the first
// (docs/fidelity.md, Windows that are left).
func (w *testWorld) clients(ended chan struct{}, objects int64) map[string]*entry {
	book, rng := map[string]*entry{}, rand.New(rand.NewPCG(1, 3))
	var keys []string
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			keys = append(keys, o.Key)
		}
	})
	const looks = 4 // for one request of the clients
	r := w.sim.Request(scriptBucket)
	for n := 0; ; {
		select {
		case <-ended:
			return book
		case <-time.After(time.Millisecond):
		}
		w.sim.Locked(func(world *simulator.World) {
			if world.Counters().OK("HeadObject") < int64(n*looks) {
				return
			}
			n++
			key, now := keys[rng.IntN(len(keys))], time.Now()
			e := book[key]
			if e == nil {
				e = new(entry)
			}
			switch {
			case e.deleted || n%2 == 1 && e.tag != "":
				return
			case n%10 == 0:
				if _, err := world.DeleteObject(now, &simulator.DeleteObjectInput{Request: *r, Key: key}); err != nil {
					return
				}
				*e = entry{deleted: true}
			case n%2 == 0:
				e.size, e.tag = 100_000+int64(n), ""
				if _, err := world.PutObject(now, &simulator.PutObjectInput{Request: *r, Key: key, Body: simulator.Bytes(make([]byte, e.size))}); err != nil {
					return
				}
			default:
				e.tag = fmt.Sprint("client ", n)
				if _, err := world.PutObjectTagging(now, &simulator.ObjectInput{Request: *r, Key: key}, []simulator.Tag{{Key: "by", Value: e.tag}}); err != nil {
					return
				}
			}
			book[key] = e
		})
	}
}

// The table is in status and report, in words and as JSON, and names what each
// attribute was proven by.
func TestCanaryTable(t *testing.T) {
	t.Parallel()
	w := faithfulWorld(t, 20, "")
	job := filepath.Join(t.TempDir(), "job")
	out, err := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes",
		"--accept", "versioned", "--accept", "acl", "--accept", "public-acl", "--probe-key-prefix", "reseal-probe/").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "STANDARD_IA") && len(line) > 81 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	k := w.status(job).Canary.Kinds[0]
	if k.Action != "copy" || k.Class != "STANDARD_IA" || k.Verdict != canary.Proven || len(k.Missing) > 0 || k.Compared < 8 {
		t.Errorf("status: %+v", k)
	}
	for _, a := range []string{"object", "data", "Content-Type", "Expires", "user metadata", "tags", "website redirect", "retention GOVERNANCE", "legal hold", "event hold", "ACL", "checksum of the whole"} {
		i := slices.IndexFunc(k.Proven, func(p canary.Proof) bool { return p.Attribute == a })
		if i < 0 || k.Proven[i].Objects == 0 || len(k.Proven[i].Keys) == 0 {
			t.Errorf("%s is not proven: %+v", a, k)
		}
	}
	var r struct{ Canary canary.Table }
	data, _ := w.command("report", "--job", job, "--format", "json").Output()
	if err := json.Unmarshal(data, &r); err != nil || len(r.Canary.Kinds) != 1 {
		t.Errorf("report: %v, %+v", err, r)
	}
	for _, format := range []string{"text", "html"} {
		if out, _ := w.command("report", "--job", job, "--format", format).Output(); !strings.Contains(string(out), "kept, by number of objects: object") {
			t.Errorf("%s: no table\n%s", format, out)
		}
	}
	if out, _ := w.command("status", "--job", job).Output(); !strings.Contains(string(out), "1 kind proven, ") {
		t.Errorf("status: no canary\n%s", out)
	}
}

// Copies in parts off AWS demand something that was proven: by a canary, by a probe
// that makes one, or by name.
func TestUnprovenEndpointIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name    string
		flags   []string
		refused string // by this hazard, "" for none
	}{
		{"sizes that are not known", []string{"--list", "--no-canary", "--accept", "drops-expires"}, "unproven-endpoint"},
		{"nothing, sizes not known", []string{"--list", "--no-canary", "--copy-via", "multipart"}, "unproven-endpoint"},
		{"nothing", []string{"--no-canary", "--copy-via", "multipart"}, "unproven-endpoint"},
		{"parts for all that is known", []string{"--no-canary", "--no-plan-pass", "--accept", "drops-expires"}, "unproven-endpoint"},
		{"no parts", []string{"--no-canary", "--accept", "drops-expires"}, ""},
		{"by name", []string{"--no-canary", "--copy-via", "multipart", "--accept", "unproven-endpoint"}, ""},
		{"canary", []string{"--copy-via", "multipart"}, ""}, // and Expires is sent again
		{"canary of single copies", nil, "drops-expires"},
		{"probe", []string{"--no-canary", "--copy-via", "multipart", "--probe-key-prefix", "reseal-probe/"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 30, Seed: 1, Plain: true, MaxSize: 1000})
			run := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet", "--accept", "weak-conditions"}
			if tt.flags != nil && tt.flags[0] == "--list" {
				tt.flags, run[2] = append([]string{"--accept", "missing-columns"}, tt.flags[1:]...), w.keyList(t)
			}
			cmd := w.command(append(run, tt.flags...)...)
			out, _ := cmd.CombinedOutput()
			want, n := exitDone, 30
			if tt.refused != "" {
				want, n = exitRefused, 0
			}
			if code := cmd.ProcessState.ExitCode(); code != want || w.encrypted() != n || strings.Contains(string(out), "--accept "+tt.refused) != (tt.refused != "") {
				t.Errorf("exit %d, %d written; want %d, %d, and %q named\n%s", code, w.encrypted(), want, n, tt.refused, out)
			}
		})
	}
}

// An object that has grown since the report needs a copy in parts that the plan does
// not have: nobody was asked about those, so off AWS it is not begun without a canary.
func TestGrownObjectsNeedParts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags []string
		code  int
	}{
		{"no canary", []string{"--no-canary"}, exitFailures},
		{"by name", []string{"--no-canary", "--accept", "unproven-endpoint"}, exitDone},
		{"canary", nil, exitDone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 12, Seed: 1, Plain: true, MaxSize: 1000})
			// The plan has no copies in parts, whose requests the audit would hold it to.
			w.env = slices.DeleteFunc(w.env, func(e string) bool { return strings.HasPrefix(e, auditVariable+"=") })
			grown := ""
			w.sim.Locked(func(world *simulator.World) {
				for o := range world.Walk(scriptBucket) {
					grown = o.Key
				}
				if err := world.SeedObject(scriptBucket, simulator.ObjectInfo{Key: grown}, simulator.Synthetic(6<<30, 1)); err != nil {
					t.Fatal(err)
				}
			})
			job := filepath.Join(t.TempDir(), "job")
			cmd := w.command(append([]string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--quiet",
				"--accept", "weak-conditions", "--accept", "drops-expires"}, tt.flags...)...)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != tt.code || w.encrypted() != 12-min(tt.code, 1) {
				t.Errorf("exit %d, %d written; want %d\n%s", code, w.encrypted(), tt.code, out)
			}
			if tt.code == exitDone {
				return
			}
			lines, _ := w.command("report", "--job", job, "--format", "lines").Output()
			if w.calls(simulator.OpCreateMultipartUpload) != 0 || !strings.Contains(string(lines), `"reason":"needs-parts"`) {
				t.Errorf("%d uploads\n%s", w.calls(simulator.OpCreateMultipartUpload), lines)
			}
			if out := w.said(exitDone, "retry-failed", "--job", job, "--accept", "unproven-endpoint", "--no-canary", "--yes"); w.encrypted() != 12 {
				t.Errorf("after another try %d are written\n%s", w.encrypted(), out)
			}
		})
	}
}

// keyList writes a list of the bucket's keys, which says nothing of their sizes.
func (w *testWorld) keyList(t *testing.T) string {
	t.Helper()
	var rows strings.Builder
	w.sim.Locked(func(world *simulator.World) {
		for o := range world.Walk(scriptBucket) {
			fmt.Fprintf(&rows, "%s,%s\n", scriptBucket, url.QueryEscape(o.Key))
		}
	})
	path := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(path, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An endpoint that does not copy an object onto itself is told the way round.
func TestSelfCopyNamesTheWayRound(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 30, Seed: 1, Plain: true, MaxSize: 1000})
	w.sim.Locked(func(world *simulator.World) {
		world.AddFault(simulator.Fault{Op: simulator.OpCopyObject, Code: "InvalidRequest", HTTPStatus: 400,
			Message: "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."})
	})
	cmd := w.command("run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--quiet",
		"--accept", "weak-conditions", "--accept", "drops-expires")
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitRefused || !strings.Contains(string(out), "hint: the endpoint does not copy an object onto itself") || !strings.Contains(string(out), "--copy-via multipart") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
