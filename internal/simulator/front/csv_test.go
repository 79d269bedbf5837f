package front

import (
	"strings"
	"testing"
)

// Reports that went through a spreadsheet begin with a byte order mark, and some with a
// header line. Neither is a row.
func TestReportsOfSpreadsheets(t *testing.T) {
	s, err := parseSchema("Bucket, Key, Size")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plain":           "b,k,7\nb,l,8\n",
		"mark":            byteOrderMark + "b,k,7\nb,l,8\n",
		"mark and quotes": byteOrderMark + "\"b\",\"k\",\"7\"\n\"b\",\"l\",\"8\"\n",
		"header":          "Bucket,Key,Size\nb,k,7\nb,l,8\n",
		"mark and header": byteOrderMark + "\"bucket\",\"key\",\"size\"\r\nb,k,7\r\nb,l,8\r\n",
	} {
		var got []string
		if err := s.rows(strings.NewReader(text), "b", func(r Row) bool { got = append(got, r.Key); return true }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Join(got, " ") != "k l" {
			t.Errorf("%s: rows %q, want k and l", name, got)
		}
	}
	for name, text := range map[string]string{
		"a mark inside":     "b,k,7\n" + byteOrderMark + "b,l,8\n",
		"a header inside":   "b,k,7\nBucket,Key,Size\n",
		"another header":    "Bucket,Key,ETag\nb,k,7\n",
		"a header too long": "Bucket,Key,Size,ETag\nb,k,7\n",
	} {
		if err := s.rows(strings.NewReader(text), "b", func(Row) bool { return true }); err == nil {
			t.Errorf("%s: taken for rows", name)
		}
	}
}
