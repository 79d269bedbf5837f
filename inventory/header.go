package inventory

import (
	"errors"
	"fmt"
	"strings"
)

// Neither reports nor lists have a line with the names of their columns; spreadsheets
// and scripts put one there. It is no row.

// isHeader tells whether the first row of a CSV report only repeats its schema. Where
// the bucket is really called like its column, it is a row.
func (s *csvShape) isHeader(fields []csvField) bool {
	named := 0
	for i, col := range s.layout {
		if i >= len(fields) {
			break
		}
		if col == numColumns {
			continue
		}
		text := string(fields[i].raw)
		if is, ok := parseMapped(text); !ok || is != col || col == ColBucket && text == s.bucket {
			return false
		}
		named++
	}
	return named >= 2
}

// listHeader tells whether the first line of a list names its columns. An error says
// that they are not in the order of a list.
func listHeader(fields []csvField) (bool, error) {
	var names []string
	at := map[string]int{}
	for i, f := range fields {
		name := foldName(string(f.raw))
		names = append(names, strings.TrimSpace(string(f.raw)))
		at[name] = i
	}
	bucket, hasBucket := at["bucket"]
	key, hasKey := at["key"]
	switch {
	case !hasBucket || !hasKey:
		return false, nil
	case bucket != 0 || key != 1, len(names) > 2 && !namesVersion(names[2]):
		return false, fmt.Errorf("%w: %.100q: want bucket,key or bucket,key,versionId", errOtherOrder, strings.Join(names, ","))
	}
	return true, nil
}

// namesVersion tells whether the third column of a list is called what it is. A size that was
// taken for a version would have every row be about no object.
func namesVersion(name string) bool {
	name = foldName(name)
	return name == "" || name == "versionid" || name == "version"
}

var errOtherOrder = errors.New("the first line names the columns")

var errNoBucket = errors.New("is no bucket name: the lines of a list are bucket,key or bucket,key,versionId")

// ValidBucket tells whether a bucket can have such a name: those of S3 today, and those
// of us-east-1 from before March 2018, which may be longer and have capitals and _
// (Amazon S3 User Guide, bucketnamingrules, read 2026-11-29). That S3 has no names below
// three bytes is left to the endpoint: others do.
func ValidBucket(name string) bool {
	const most = 255
	if name == "" || len(name) > most || strings.Contains(name, "..") || strings.ContainsAny(name[:1], ".-") {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// DirectoryBucket tells by its name whether a bucket is a directory bucket (same page).
func DirectoryBucket(name string) bool { return strings.HasSuffix(name, "--x-s3") }
