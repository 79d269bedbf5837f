package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// TestSparedReport: no command writes over a file of the report that it reads, or that
// its job reads, whatever name leads to the file.
func TestSparedReport(t *testing.T) {
	sim, _ := newPopulated(t, simaws.Config{Seed: 1}, simulator.Population{N: 30, Seed: 1, Plain: true}, simaws.Report{Folder: "", RowsPerFile: 10})
	t.Chdir(t.TempDir())
	remote, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{Folder: "report", RowsPerFile: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(startServing(sim))
	useAccount(t, sim, t.TempDir())

	const key = " --sse-kms-key-id " + simaws.Key
	manifest, data, checksum := filesOf(t, "report")
	begin(t, "run --yes --snapshot 0 --limit 1 --job job "+takenOff+" --manifest "+manifest+key, exitStopped)
	begin(t, "run --yes --snapshot 0 --limit 1 --job keeping "+takenOff+" --keep-inventory kept --manifest "+remote+key, exitStopped)
	kept, err := filepath.Glob("kept/*.*")
	if err != nil || len(kept) == 0 {
		t.Fatalf("nothing is kept (%v)", err)
	}
	for name, to := range map[string]string{"link": data, "linkkept": kept[0]} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"hard": data, "hardkept": kept[0]} {
		if err := os.Link(to, name); err != nil {
			t.Fatal(err)
		}
	}
	before := contents(t)
	for _, name := range []string{manifest, checksum, data, "link", "hard"} {
		for _, line := range []string{
			"plan --manifest " + manifest + key + " --html " + name,
			"plan --manifest " + filepath.Dir(filepath.Dir(manifest)) + "/" + key + " --html " + name,
			"run --yes --job new " + takenOff + " --manifest " + manifest + key + " --log-file " + name,
			"run job --yes --log-file " + name,
			"run job --yes --metrics-file " + name,
			"retry-failed job --log-file " + name,
			"report job --format csv --out " + name,
		} {
			refusedToWrite(t, line, " read")
		}
	}
	for _, name := range []string{kept[0], "linkkept", "hardkept"} {
		for _, line := range []string{
			"plan --keep-inventory kept --manifest " + remote + key + " --html " + name,
			"run keeping --yes --log-file " + name,
			"run keeping --yes --metrics-file " + name,
			"report keeping --out " + name,
		} {
			refusedToWrite(t, line, "--keep-inventory")
		}
	}
	for name, was := range before {
		if now := contents(t)[name]; !bytes.Equal(now, was) {
			t.Errorf("%s has changed", name)
		}
	}
	// Beside them a file may be written, and written again.
	for range 2 {
		begin(t, "report job --out "+filepath.Join(filepath.Dir(data), "report.html"), exitDone)
	}
}

// begin types a line that has to end with a code.
func begin(t *testing.T, line string, want int) {
	t.Helper()
	if code, _, said := typed(t, line); code != want {
		t.Fatalf("%s: exit %d, want %d\n%s", line, code, want, said)
	}
}

func refusedToWrite(t *testing.T, line, why string) {
	t.Helper()
	if code, _, said := typed(t, line); code != exitUsage || !strings.Contains(said, "name another file") || !strings.Contains(said, why) {
		t.Errorf("%s: exit %d\n%s", line, code, said)
	}
}

// filesOf are files of a report below a folder.
func filesOf(t *testing.T, folder string) (manifest, data, checksum string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil || entry.IsDir():
		case base == "manifest.json":
			manifest = name
		case base == "manifest.checksum":
			checksum = name
		case strings.Contains(base, ".csv") || strings.Contains(base, ".parquet") || strings.Contains(base, ".orc"):
			data = name
		}
		return err
	})
	if err != nil || manifest == "" || data == "" || checksum == "" {
		t.Fatalf("manifest %q, data %q, checksum %q (%v)", manifest, data, checksum, err)
	}
	return manifest, data, checksum
}

// contents are the files of the reports here.
func contents(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, folder := range []string{"report", "kept"} {
		err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			all[name], err = os.ReadFile(name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}
