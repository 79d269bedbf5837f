package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"reseal/enforce"
	"reseal/s3api"
)

// Change shows a change line by line.
func Change(w io.Writer, bucket string, c *enforce.Change) {
	fmt.Fprintf(w, "default encryption of %s\n", bucket)
	Diff(w, encryptionText(c.Before.Encryption), encryptionText(c.After.Encryption))
	fmt.Fprintf(w, "policy of %s\n", bucket)
	Diff(w, Indent(c.Before.Policy), Indent(c.After.Policy))
}

func encryptionText(e s3api.DefaultEncryption) string {
	return fmt.Sprintf("algorithm   %s\nkey         %s\nbucket key  %v\nblocked     %s\n", e.Algorithm, e.KeyID, e.BucketKey, strings.Join(e.Blocked, " "))
}

// Indent lays JSON out for reading.
func Indent(data []byte) string {
	var out bytes.Buffer
	if data == nil || json.Indent(&out, data, "", "  ") != nil {
		return string(data)
	}
	return out.String() + "\n"
}
