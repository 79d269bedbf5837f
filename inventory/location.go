package inventory

import (
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// Location is where a report, a list or a folder of reports lies.
type Location struct {
	Bucket string // "" for the file system
	Name   string // object key or prefix, or path of the file system
}

// ParseLocation reads s3://bucket/key, s3://bucket/prefix/, file:///path, or a
// path of the file system. Keys are taken as they are written, not URL-decoded. It
// also reads what people copy: ARNs of S3, addresses of pages of the AWS console, and
// URLs of objects, which are decoded.
func ParseLocation(uri string) (Location, error) {
	if _, is, err := ParseTable(uri); err != nil {
		return Location{}, err
	} else if is {
		return Location{}, fmt.Errorf("%s %w", uri, errTableAddress)
	}
	scheme, rest, ok := strings.Cut(uri, "://")
	at, known := fromARN(uri)
	if strings.EqualFold(scheme, "https") {
		at, known = fromWeb(uri)
	}
	switch {
	case known:
		return at, nil
	case uri == "":
		return Location{}, fmt.Errorf("empty location")
	case !ok || len(scheme) < 2: // a path, also one such as c://x
		return Location{Name: uri}, nil
	case strings.EqualFold(scheme, "s3"):
		bucket, key, _ := strings.Cut(rest, "/")
		if bucket == "" {
			return Location{}, fmt.Errorf("%s names no bucket", uri)
		}
		return Location{Bucket: bucket, Name: key}, nil
	case strings.EqualFold(scheme, "file"):
		u, err := url.Parse(uri)
		if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
			return Location{}, fmt.Errorf("%s is no file URL of this machine", uri)
		}
		p := u.Path
		if runtime.GOOS == "windows" {
			p = strings.TrimPrefix(p, "/")
		}
		return Location{Name: filepath.FromSlash(p)}, nil
	}
	uri, _, _ = strings.Cut(uri, "?") // a signature may follow
	return Location{}, fmt.Errorf("%s: want s3://bucket/key, a path, an ARN of S3 or an address of the AWS console", uri)
}

// Local tells whether the location is in the file system.
func (l Location) Local() bool { return l.Bucket == "" }

// Folder tells whether the location is written as a folder or prefix, ending in
// a slash: reports are looked for below it.
func (l Location) Folder() bool {
	return l.Name == "" || strings.HasSuffix(l.Name, "/") || l.Local() && strings.HasSuffix(l.Name, string(filepath.Separator))
}

// String returns the location as ParseLocation reads it.
func (l Location) String() string {
	if l.Local() {
		return l.Name
	}
	return "s3://" + l.Bucket + "/" + l.Name
}
