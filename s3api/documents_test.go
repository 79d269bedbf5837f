package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/inventory"
)

var _ checkpoint.Bucket = (*Documents)(nil)

// opener opens the same empty store anew, as another process would.
type opener func(t *testing.T, c checkpoint.RemoteConfig) checkpoint.Store

// TestStores runs one list of rules on every store that a job can be kept in.
func TestStores(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		stores(t, func(t *testing.T) opener {
			dir := t.TempDir()
			return func(t *testing.T, _ checkpoint.RemoteConfig) checkpoint.Store {
				d, err := checkpoint.CreateDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
		})
	})
	t.Run("simulator", func(t *testing.T) {
		s := simulate(t, simulator.Config{})
		stores(t, remotes(s.client, bucket))
	})
}

// TestStoresMinIO runs the same list on MinIO.
func TestStoresMinIO(t *testing.T) {
	c := minioClient(t)
	name := "job-state"
	if _, err := c.preflight.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	stores(t, remotes(c, name))
}

// remotes gives each rule a prefix of its own.
func remotes(c *Client, bucket string) func(t *testing.T) opener {
	n := 0
	return func(*testing.T) opener {
		n++
		prefix := fmt.Sprint("jobs/", n)
		return func(_ *testing.T, rc checkpoint.RemoteConfig) checkpoint.Store {
			return checkpoint.NewRemote(c.Documents(bucket), prefix, "s3://"+bucket+"/"+prefix, rc)
		}
	}
}

func stores(t *testing.T, fresh func(t *testing.T) opener) {
	for _, rule := range []struct {
		name  string
		check func(t *testing.T, open opener)
	}{
		{"documents are replaced by version", replacedByVersion},
		{"files are listed and read", filesAreListed},
		{"one holder", oneHolder},
		{"nothing is written without the lock", needsLock},
		{"a journal goes on where another ended", journalGoesOn},
	} {
		t.Run(rule.name, func(t *testing.T) { rule.check(t, fresh(t)) })
	}
}

// lock takes the job and gives it back when the test ends.
func lock(t *testing.T, s checkpoint.Store) *checkpoint.Lock {
	t.Helper()
	l, err := s.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatalf("lock: %v", err)
	}
	t.Cleanup(func() {
		if err := l.Release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	return l
}

func replacedByVersion(t *testing.T, open opener) {
	ctx, s := t.Context(), open(t, checkpoint.RemoteConfig{})
	lock(t, s)
	if _, _, err := s.Get(ctx, "plan.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get of a missing document: %v, want one that wraps fs.ErrNotExist", err)
	}
	v1, err := s.Put(ctx, "plan.json", []byte("one"), "")
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	var conflict *checkpoint.ConflictError
	if _, err := s.Put(ctx, "plan.json", []byte("other"), ""); !errors.As(err, &conflict) {
		t.Errorf("create again: %v, want a *ConflictError", err)
	}
	v2, err := s.Put(ctx, "plan.json", []byte("two"), v1)
	if err != nil || v2 == v1 {
		t.Errorf("replace: version %q after %q, %v", v2, v1, err)
	}
	if _, err := s.Put(ctx, "plan.json", []byte("three"), v1); !errors.As(err, &conflict) {
		t.Errorf("replace a version that is gone: %v, want a *ConflictError", err)
	}
	if _, err := s.Put(ctx, "state/000000.a", []byte("x"), v2); !errors.As(err, &conflict) {
		t.Errorf("replace what is not there: %v, want a *ConflictError", err)
	}
	data, v, err := s.Get(ctx, "plan.json")
	if string(data) != "two" || v != v2 || err != nil {
		t.Errorf("get: %q at version %q, %v; want \"two\" at %q", data, v, err, v2)
	}
	for _, name := range []string{"../x", "a/b/c", "", "/x", ".x", "A"} {
		if _, err := s.Put(ctx, name, nil, ""); err == nil {
			t.Errorf("put of %q: no error", name)
		}
	}
}

func filesAreListed(t *testing.T, open opener) {
	ctx, s := t.Context(), open(t, checkpoint.RemoteConfig{})
	lock(t, s)
	const name = "results/000000-000001-000001.jsonl.gz"
	if _, err := s.Open(ctx, name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open of a missing file: %v, want one that wraps fs.ErrNotExist", err)
	}
	if _, err := s.Put(ctx, name, []byte("four\n"), ""); err != nil {
		t.Fatal(err)
	}
	body, err := s.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(body)
	if err := errors.Join(err, body.Close()); err != nil || string(data) != "four\n" {
		t.Errorf("read %q, %v", data, err)
	}
	infos, err := s.List(ctx, "results")
	if err != nil || !slices.Contains(infos, checkpoint.Info{Name: name, Size: 5}) {
		t.Errorf("list: %v, %v; want %s of 5 bytes in it", infos, err, name)
	}
	if infos, err := s.List(ctx, "nothing"); len(infos) != 0 || err != nil {
		t.Errorf("list of a missing folder: %v, %v", infos, err)
	}
}

func oneHolder(t *testing.T, open opener) {
	short := checkpoint.RemoteConfig{LeaseTime: 3 * time.Second}
	first, second := open(t, short), open(t, short)
	l, err := first.Lock(t.Context(), checkpoint.Self("first"))
	if err != nil || l.Previous != nil {
		t.Fatalf("lock: %+v, %v", l, err)
	}
	var locked *checkpoint.LockedError
	if _, err := second.Lock(t.Context(), checkpoint.Self("second")); !errors.As(err, &locked) || locked.Holder.Command != "first" {
		t.Errorf("lock of a held job: %v, want a *LockedError that names the first holder", err)
	}
	if err := l.Release(); err != nil {
		t.Errorf("release: %v", err)
	}
	again, err := second.Lock(t.Context(), checkpoint.Self("second"))
	if err != nil || again.Previous != nil {
		t.Fatalf("lock of a job that was given back: %+v, %v", again, err)
	}
	if err := again.Release(); err != nil {
		t.Errorf("release: %v", err)
	}
}

func needsLock(t *testing.T, open opener) {
	s := open(t, checkpoint.RemoteConfig{})
	if _, err := s.Put(t.Context(), "plan.json", nil, ""); !errors.Is(err, checkpoint.ErrNotLocked) {
		t.Errorf("put without the lock: %v, want ErrNotLocked", err)
	}
}

var segments = []inventory.Segment{{File: 0, Last: inventory.OpenEnd}, {File: 1, Last: inventory.OpenEnd}, {File: 2, Last: inventory.OpenEnd}}

// advance settles some rows of every segment and flushes after each.
func advance(t *testing.T, j *checkpoint.Journal, from, to int64) error {
	t.Helper()
	for row := from; row < to; row++ {
		for _, s := range segments {
			p := inventory.Position{File: s.File, Row: row}
			if err := errors.Join(j.Admit(t.Context(), p), j.Log(t.Context(), p, fmt.Appendf(nil, "%d/%d", s.File, row)), j.Done(p)); err != nil {
				return err
			}
		}
		if err := j.Flush(t.Context()); err != nil {
			return err
		}
	}
	return nil
}

func journalGoesOn(t *testing.T, open opener) {
	var want []string
	for from := int64(0); from < 9; from += 3 {
		s := open(t, checkpoint.RemoteConfig{})
		l, err := s.Lock(t.Context(), checkpoint.Self("test"))
		if err != nil {
			t.Fatal(err)
		}
		j, snap, err := checkpoint.Open(t.Context(), s, checkpoint.PlanHash{1}, segments,
			checkpoint.Options{ReserveAdmitted: true, Writers: 8})
		if err != nil {
			t.Fatal(err)
		}
		if got := snap.Totals().Done; got != 3*from {
			t.Fatalf("opened with %d rows done, want %d", got, 3*from)
		}
		if err := advance(t, j, from, from+3); err != nil {
			t.Fatal(err)
		}
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range segments {
		for row := range 9 {
			want = append(want, fmt.Sprintf("%d/%d", s.File, row))
		}
	}
	snap, err := checkpoint.Read(t.Context(), open(t, checkpoint.RemoteConfig{}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line, err := range snap.Results(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(line.Data))
	}
	if !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

// mute is a bucket whose answers to its holder's renewals do not get through:
// a machine that sleeps.
type mute struct {
	checkpoint.Bucket
	asleep chan struct{} // closed while asleep
}

func (m mute) Put(ctx context.Context, key string, data []byte, etag string) (string, error) {
	select {
	case <-m.asleep:
		if strings.HasPrefix(key, "job/alive/") {
			<-ctx.Done()
			return "", ctx.Err()
		}
	default:
	}
	return m.Bucket.Put(ctx, key, data, etag)
}

// A holder that fell silent is taken over, and cannot write any more when it
// wakes, neither states nor result lines; the one that took over can.
func TestTakeover(t *testing.T) {
	s := simulate(t, simulator.Config{})
	short := checkpoint.RemoteConfig{LeaseTime: 2 * time.Second}
	sleepy := mute{s.client.Documents(bucket), make(chan struct{})}
	old := checkpoint.NewRemote(sleepy, "job", "old", short)
	held, err := old.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Release() }) // it has nothing to give back any more
	opts := checkpoint.Options{ReserveAdmitted: true, Writers: 4}
	j, _, err := checkpoint.Open(t.Context(), old, checkpoint.PlanHash{1}, segments, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := advance(t, j, 0, 2); err != nil {
		t.Fatal(err)
	}
	close(sleepy.asleep)

	next := checkpoint.NewRemote(s.client.Documents(bucket), "job", "next", short)
	l := lock(t, next)
	if l.Previous == nil || l.Previous.Command != "test" {
		t.Errorf("previous holder %+v, want the one that fell silent", l.Previous)
	}
	k, snap, err := checkpoint.Open(t.Context(), next, checkpoint.PlanHash{1}, segments, opts)
	if err != nil {
		t.Fatal(err)
	}
	if done := snap.Totals().Done; done != 6 {
		t.Errorf("found %d rows done, want 6", done)
	}
	var conflict *checkpoint.ConflictError
	if err := advance(t, j, 2, 3); !errors.As(err, &conflict) {
		t.Errorf("the old holder writes on: %v, want a *ConflictError", err)
	}
	if err := advance(t, k, 2, 4); err != nil {
		t.Errorf("the new holder: %v", err)
	}
	snap, err = checkpoint.Read(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line, err := range snap.Results(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		seen[string(line.Data)]++
	}
	if len(seen) != 12 {
		t.Errorf("%d different lines, want 12: %v", len(seen), seen)
	}
	for line, n := range seen {
		if n != 1 {
			t.Errorf("line %q is there %d times", line, n)
		}
	}
}

// Shares of one division of a job are held side by side; the whole job, or
// a share of another division, is refused meanwhile.
func TestShares(t *testing.T) {
	s := simulate(t, simulator.Config{})
	open := func(shard, shards int) checkpoint.Store {
		return checkpoint.NewRemote(s.client.Documents(bucket), "job", "job", checkpoint.RemoteConfig{Shard: shard, Shards: shards, LeaseTime: 3 * time.Second})
	}
	lock(t, open(0, 2))
	lock(t, open(1, 2))
	for _, c := range []checkpoint.RemoteConfig{{}, {Shard: 2, Shards: 3}, {Shard: 1, Shards: 2}} {
		var locked *checkpoint.LockedError
		if _, err := open(c.Shard, c.Shards).Lock(t.Context(), checkpoint.Self("other")); !errors.As(err, &locked) {
			t.Errorf("lock of share %d of %d: %v, want a *LockedError", c.Shard, c.Shards, err)
		}
	}
}
