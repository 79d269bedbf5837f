// Package avrotest makes Avro files for tests.
package avrotest

import (
	"bytes"
	"testing"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
)

// File is an Avro file of a schema with these records.
func File(t testing.TB, schema string, records []any, opts ...ocf.WriterOpt) []byte {
	t.Helper()
	s, err := avro.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := ocf.NewWriter(&buf, s, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
