package report

import (
	"io"
	"strings"
	"testing"
)

// TestClientEncrypted: text, HTML and JSON say it where there are such objects, and
// nothing where there are none.
func TestClientEncrypted(t *testing.T) {
	for _, tt := range []struct {
		c    ClientEncrypted
		want string
	}{
		{ClientEncrypted{}, ""},
		{ClientEncrypted{Objects: 1, Keys: []string{"a"}}, "1 object (a): only S3's own layer"},
		{ClientEncrypted{Objects: 5, Keys: []string{"a", "b\n", "c"}}, `5 objects (a, b\n, c, …): `},
		{ClientEncrypted{Objects: 2}, "2 objects: "},
	} {
		if got := tt.c.text(); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
		v := sampleRun()
		v.Client = tt.c
		for _, form := range []struct {
			mark  string
			write func(io.Writer, *Run) error
		}{{"client-side encrypted: ", WriteRun}, {"client-side encrypted: ", WriteRunHTML}, {`"client_side_encrypted": {`, WriteRunJSON}} {
			var out strings.Builder
			if err := form.write(&out, v); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), form.mark) != (tt.want != "") {
				t.Errorf("%+v: %q in\n%s", tt.c, form.mark, out.String())
			}
		}
	}
}
