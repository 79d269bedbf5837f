package simaws

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A host has its folders and its address while it is open, and leaves none of them.
func TestHostLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	left := func() int {
		all, err := os.ReadDir(temporary)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	h, err := (&Host{Config: Config{TLS: true, MaxBody: 1 << 30, Seed: 1}, Objects: 3, Bucket: "media"}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := left(); n != 2 || h.Manifest == "" || !strings.HasPrefix(h.Environment[len(h.Environment)-1], "AWS_CA_BUNDLE="+temporary) {
		t.Errorf("%d folders, report %q, environment %q", n, h.Manifest, h.Environment)
	}
	address := h.Listener.Addr().String()
	h.Close()
	if ln, err := net.Listen("tcp", address); err != nil {
		t.Errorf("the address is still taken: %v", err)
	} else {
		ln.Close()
	}
	if _, err := (&Host{Config: Config{MaxBody: 1}, Manifest: filepath.Join(temporary, "none.json")}).Open(t.Context()); err == nil {
		t.Error("a report that is not there")
	}
	if _, err := (&Host{Config: Config{MaxBody: 1}, Users: filepath.Join(temporary, "none.json")}).Open(t.Context()); err == nil {
		t.Error("users that are not there")
	}
	if n := left(); n != 0 {
		t.Errorf("%d folders are left", n)
	}
}
