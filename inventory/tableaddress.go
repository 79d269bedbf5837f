package inventory

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// TableAddress names a table of S3 Tables, whose service knows where its metadata is.
type TableAddress struct {
	ARN string // of the table; "" where it is named by the rest

	BucketARN string // of the table bucket; "" where only its name is known
	Bucket    string // name of the table bucket
	Namespace string
	Name      string
}

// tableScheme is how the address of a table begins.
const tableScheme = "s3tables://"

// What names a table (Amazon S3 API Reference, GetTable and GetTableMetadataLocation,
// read 2026-12-01).
var (
	tableARN  = regexp.MustCompile(`^arn:aws[a-z0-9-]*:s3tables:[a-z0-9-]+:[0-9]{12}:bucket/([a-z0-9_-]{3,63})/table/[a-zA-Z0-9_-]{1,255}$`)
	tablePath = regexp.MustCompile(`^(?:(arn:aws[a-z0-9-]*:s3tables:[a-z0-9-]+:[0-9]{12}:bucket/)?([a-z0-9_-]{3,63}))/([a-z0-9_-]{1,255})/([a-z0-9_]{1,255})$`)
)

// ParseTable reads s3tables://BUCKET/NAMESPACE/TABLE, where the bucket may be an ARN, or
// the ARN of a table. is tells whether text is meant for one of them.
func ParseTable(text string) (t TableAddress, is bool, err error) {
	if m := tableARN.FindStringSubmatch(text); m != nil {
		return TableAddress{ARN: text, Bucket: m[1]}, true, nil
	}
	rest, is := strings.CutPrefix(text, tableScheme)
	if !is && strings.HasPrefix(text, "arn:") && strings.Contains(text, ":s3tables:") {
		return t, true, fmt.Errorf("%.200q is no ARN of a table, arn:aws:s3tables:REGION:ACCOUNT:bucket/BUCKET/table/ID", text)
	}
	if !is {
		return t, false, nil
	}
	m := tablePath.FindStringSubmatch(rest)
	if m == nil {
		return t, true, fmt.Errorf("%.200q: want s3tables://BUCKET/NAMESPACE/TABLE, such as s3tables://aws-s3/b_BUCKET/inventory", text)
	}
	t = TableAddress{Bucket: m[2], Namespace: m[3], Name: m[4]}
	if m[1] != "" {
		t.BucketARN = m[1] + m[2]
	}
	return t, true, nil
}

// String is the address as ParseTable reads it.
func (t TableAddress) String() string {
	switch {
	case t.ARN != "":
		return t.ARN
	case t.BucketARN != "":
		return tableScheme + t.BucketARN + "/" + t.Namespace + "/" + t.Name
	}
	return tableScheme + t.Bucket + "/" + t.Namespace + "/" + t.Name
}

// Region is that of the table, "" where the address does not say.
func (t TableAddress) Region() string {
	if f := strings.Split(t.ARN+t.BucketARN, ":"); len(f) > 3 {
		return f[3]
	}
	return ""
}

// errTableAddress says that a table is named where a place of files is wanted.
var errTableAddress = errors.New("is a table of S3 Tables, which only --manifest takes")

// NamesTable tells whether a text names a table, by its address or by its metadata.
func NamesTable(text string) bool {
	_, is, _ := ParseTable(text)
	return is || TableMetadata(text)
}
