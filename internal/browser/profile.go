package browser

import (
	"os"
	"testing"
	"time"
)

// Profile makes a folder for a browser's own files. Processes of a browser that has ended
// may write in it for some moments more, so what is left of it is no failure.
func Profile(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "reseal-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 20 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("%s is left behind", dir)
	})
	return dir
}
