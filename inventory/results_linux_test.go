package inventory

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// bytesRead is how many bytes this process has read.
func bytesRead(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err == nil {
		_, err = fmt.Sscanf(string(text), "rchar: %d", &n)
	}
	if err != nil {
		t.Skip(err)
	}
	return n
}

// To open a result reads each file once, for its MD5, and of one the rows that it needs
// to know the columns by.
func TestResultsAreReadOnceWhenOpened(t *testing.T) {
	const size = 24 << 20
	dir := put(t, map[string]string{"a.csv": "bucket,key\n" + strings.Repeat("b,a/key/of/some/length\n", size/23)})
	before := bytesRead(t)
	if _, err := openResult(t, dir, auto); err != nil {
		t.Fatal(err)
	}
	if n := bytesRead(t) - before; n < size-23 || n > size*5/4 {
		t.Errorf("%d bytes were read of %d", n, size)
	}
}
