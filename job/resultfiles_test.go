package job_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
	"reseal/plan"
)

// The files in which a result differs are named, some of many; where nobody knows which
// files there were, the rest is said all the same.
func TestChangedFilesAreNamed(t *testing.T) {
	read := func(md5 string, sums ...string) *inventory.Manifest {
		m := &inventory.Manifest{Named: inventory.AutoColumns, MD5: md5}
		for _, s := range sums {
			name, sum, _ := strings.Cut(s, " ")
			m.Files = append(m.Files, inventory.File{Key: name, Size: 7, MD5: sum})
		}
		return m
	}
	made := func(m *inventory.Manifest) *job.Plan {
		j := &job.Plan{Frozen: plan.Frozen{ManifestMD5: m.MD5}, Result: m.ResultFiles()}
		j.Hash = j.Frozen.Hash()
		return j
	}
	many := func(sum string) (out []string) {
		for i := range 9 {
			out = append(out, fmt.Sprintf("f%d %s", i, sum))
		}
		return out
	}
	for _, tt := range []struct {
		name      string
		have, now *inventory.Manifest
		want      string
	}{
		{"changed, gone, added", read("m1", "a 1111111122", "b 2", "c 3"), read("m2", "a 1111111133", "c 3", "\x1b[2J 4"),
			`; file "a" is 7 bytes ("11111111") there and 7 bytes ("11111111") here; file "b" is 7 bytes ("2") there and absent here; file "\x1b[2J" is absent there and 7 bytes ("4") here`},
		{"many", read("m1", many("1")...), read("m2", many("2")...), `file "f4" is 7 bytes ("1") there and 7 bytes ("2") here; each of 4 more files is one thing there and another here`},
		{"nobody knows", read("m1"), read("m2", "a 1"), "manifest MD5 is m1 there and m2 here"},
		{"the same", read("m1", "a 1"), read("m1", "a 1"), ""},
	} {
		j := made(tt.have)
		for _, err := range []error{j.CheckReport("job", tt.now), j.CheckSame("job", plan.Frozen{ManifestMD5: tt.now.MD5}, tt.now)} {
			var mismatch *checkpoint.MismatchError
			if tt.want == "" && err == nil {
				continue
			}
			if !errors.As(err, &mismatch) || tt.want == "" || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
			}
		}
	}
}
