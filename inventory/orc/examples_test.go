package orc

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const examplesVariable = "RESEAL_ORC_EXAMPLES"

// examples is the folder of the Apache ORC project's example files, laid out as in its repository: *.orc, expected/*.jsn.gz,
// corrupt/*.orc. They come from the reference writers and are too large to keep here.
func examples(t *testing.T) string {
	t.Helper()
	folder := os.Getenv(examplesVariable)
	if folder == "" {
		t.Skipf("SKIPPED: the example files of apache/orc are not at hand. Check them with\n"+
			"\tgit clone --depth 1 https://github.com/apache/orc /tmp/orc && %s=/tmp/orc/examples go test -run Examples -v ./inventory/orc",
			examplesVariable)
	}
	return folder
}

// refused are the examples that this reader must not read, with the cause it must give.
var refused = map[string]error{
	"zero.orc":                      ErrCorrupt,     // 0 bytes
	"version1999.orc":               ErrUnsupported, // a version of the format that was never made
	"TestOrcFile.testTimestamp.orc": ErrUnsupported, // timestamps, not rows
	"TestVectorOrcFile.testLzo.orc": ErrUnsupported,
}

func TestExamples(t *testing.T) {
	folder := examples(t)
	names, err := filepath.Glob(folder + "/*.orc")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d example files in %s: %v", len(names), folder, err)
	}
	compared := 0
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := openBytes(data, Options{})
			if want := refused[filepath.Base(name)]; want != nil {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			columns := readable(f)
			t.Logf("%d rows, %d of %d columns can be read", f.NumRows(), len(columns), len(f.Schema()))
			got, err := cells(t, f, columns, 0, f.NumRows())
			if err != nil {
				t.Fatal(err)
			}
			want, ok := expected(t, folder, filepath.Base(name))
			if !ok {
				t.Log("no expected rows to compare with")
				return
			}
			compareExample(t, f, columns, got, want)
			compared += len(got) * len(columns)
		})
	}
	if compared < 100000 {
		t.Errorf("%d cells compared, want 100000 at least: do the expected rows lie in %s/expected?", compared, folder)
	}
}

// Two of the examples hold the same 1.9 million rows, in run lengths of version 1 and of version 2.
func TestExamplesVersions(t *testing.T) {
	folder := examples(t)
	var files [2]*File
	for i, name := range []string{"demo-11-zlib.orc", "demo-12-zlib.orc"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if files[i], err = openBytes(data, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if files[0].NumRows() != 1920800 || files[1].NumRows() != 1920800 {
		t.Fatalf("%d and %d rows, want 1920800", files[0].NumRows(), files[1].NumRows())
	}
	for first := int64(0); first < 1920800; first += 100000 {
		last := min(first+3000, 1920800)
		var got [2][][]any
		for i, f := range files {
			var err error
			if got[i], err = cells(t, f, readable(f), first, last); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("rows %d to %d differ between the versions", first, last)
		}
	}
}

// expected reads the rows that an example must give, one JSON object a line.
func expected(t *testing.T, folder, name string) ([]map[string]any, bool) {
	t.Helper()
	file := folder + "/expected/" + strings.TrimSuffix(name, ".orc") + ".jsn.gz"
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil, false
	}
	return jsonRows(t, file), true
}

func compareExample(t *testing.T, f *File, columns []string, got [][]any, want []map[string]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	kinds := map[string]Kind{}
	for _, field := range f.Schema() {
		kinds[field.Name] = field.Kind
	}
	bad, stripe := 0, -1
	var zone *time.Location
	for i, row := range got {
		for stripe < 0 || int64(i) >= f.stripes[stripe].First+f.stripes[stripe].Rows {
			stripe++
			zone = writerZone(t, f, stripe)
		}
		for c, name := range columns {
			if g, w := fmt.Sprint(row[c]), exampleText(t, want[i][name], kinds[name], zone); g != w {
				if bad++; bad < 10 {
					t.Errorf("row %d, %s: got %s, want %s", i, name, g, w)
				}
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d cells differ", bad)
	}
}

// exampleText is an expected value in the form in which fmt prints a cell.
func exampleText(t *testing.T, v any, kind Kind, zone *time.Location) string {
	t.Helper()
	if v == nil {
		return "<nil>"
	}
	switch kind {
	case Binary:
		var b []byte
		for _, n := range v.([]any) {
			i, err := n.(json.Number).Int64()
			if err != nil {
				t.Fatal(err)
			}
			b = append(b, byte(i))
		}
		return string(b)
	case Date:
		d, err := time.Parse(time.DateOnly, v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(d.Unix() / 86400)
	case Timestamp:
		// The expected rows show the clock on the writer's wall.
		d, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", v.(string), zone)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(d.UnixMilli())
	default:
		return fmt.Sprint(v)
	}
}

func writerZone(t *testing.T, f *File, stripe int) *time.Location {
	t.Helper()
	root := &part{}
	parts := make([]*part, len(f.nodes))
	parts[0] = root
	if err := f.readParts(stripe, parts); err != nil {
		t.Fatal(err)
	}
	zone, err := parseZone(root.zone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestExamplesCorrupt(t *testing.T) {
	folder := examples(t)
	names, err := filepath.Glob(folder + "/corrupt/*.orc")
	if err != nil || len(names) == 0 {
		t.Fatalf("no damaged example files in %s: %v", folder, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = readAll(t, data, Options{}); err == nil {
			t.Errorf("%s: read without an error", filepath.Base(name))
		} else {
			t.Logf("%s: %v", filepath.Base(name), err)
		}
	}
}
