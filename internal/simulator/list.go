package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// maxPage is the most entries a list answers (S3 API Reference, ListObjectsV2, read 2026-11-21).
const maxPage = 1000

// pageSize reads max-keys and its likes: 0 is the default, below 0 none at all.
func pageSize(sent int) int {
	if sent == 0 || sent > maxPage {
		return maxPage
	}
	return max(sent, 0)
}

// commonPrefix returns what a key is rolled up into: the prefix and all of rest up to and with the delimiter, or "".
func commonPrefix(prefix, rest, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	i := strings.Index(rest, delimiter)
	if i < 0 {
		return ""
	}
	return prefix + rest[:i+len(delimiter)]
}

// successor returns the least string that is greater than all that begin with prefix, "" when there is none.
func successor(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// after returns where a page goes on behind a key, or behind a common prefix with all its keys.
func after(mark, delimiter string, prefix string) string {
	rest, ok := strings.CutPrefix(mark, prefix)
	if ok && delimiter != "" && strings.HasSuffix(mark, delimiter) && commonPrefix(prefix, rest, delimiter) == mark {
		return successor(mark)
	}
	return mark + "\x00"
}

// walk visits the keys of a page from start on: visit gets each key with its versions, roll each common prefix. Either
// ends the walk with false.
func (s *store) walk(start, prefix, delimiter string, visit func(string, []*version) bool, roll func(string) bool, live func([]*version) bool) {
	start = max(start, prefix)
	for {
		again := ""
		for key, versions := range s.from(start) {
			rest, ok := strings.CutPrefix(key, prefix)
			if !ok {
				return
			}
			if !live(versions) {
				continue
			}
			if common := commonPrefix(prefix, rest, delimiter); common != "" {
				if !roll(common) {
					return
				}
				again = successor(common)
				break
			}
			if !visit(key, versions) {
				return
			}
		}
		if again == "" {
			return
		}
		start = again
	}
}

// ListObjects is ListObjectsV2: the current versions in byte order of their keys. The token is as good as a key, but
// opaque.
func (w *World) ListObjects(now time.Time, in *ListObjectsInput) (*ListObjectsOutput, *Error) {
	return run(w, now, OpListObjects, &in.Request, "", func(c *call) (*ListObjectsOutput, *Error) {
		start := in.Prefix
		if in.StartAfter != "" {
			start = max(start, after(in.StartAfter, in.Delimiter, in.Prefix))
		}
		if in.Token != "" {
			var ok bool
			if start, ok = c.w.readToken(in.Token); !ok {
				return nil, invalidArgument("The continuation token provided is incorrect")
			}
		}
		return c.list(in, start), nil
	})
}

// token hides a key in a continuation token, with a sum that tells it from what clients make up.
func (w *World) token(start string) string {
	sum := binary.BigEndian.AppendUint64(nil, hashString(w.cfg.Seed^5, start))
	return base64.RawURLEncoding.EncodeToString(append(sum, start...))
}

// readToken gives the key of a token that the world made.
func (w *World) readToken(token string) (start string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= 8 {
		return "", false
	}
	start = string(raw[8:])
	return start, w.token(start) == token
}

func (c *call) list(in *ListObjectsInput, start string) *ListObjectsOutput {
	out, limit, owner := &ListObjectsOutput{}, pageSize(in.Max), CanonicalID(c.b.owner)
	if limit == 0 {
		return out
	}
	full := func() bool {
		if len(out.Objects)+len(out.CommonPrefixes) < limit {
			return false
		}
		out.Truncated = true
		out.NextToken = c.w.token(after(out.LastKey, in.Delimiter, in.Prefix))
		return true
	}
	c.b.objects.walk(start, in.Prefix, in.Delimiter,
		func(key string, versions []*version) bool {
			if full() {
				return false
			}
			out.Objects = append(out.Objects, ObjectInfo{})
			o := &out.Objects[len(out.Objects)-1]
			versions[0].info(key, true, owner, c.now, o)
			o.VersionID = c.b.visibleID(versions[0])
			out.LastKey = key
			return true
		},
		func(common string) bool {
			if full() {
				return false
			}
			out.CommonPrefixes = append(out.CommonPrefixes, common)
			out.LastKey = common
			return true
		},
		func(versions []*version) bool { return !versions[0].marker })
	return out
}

// ListObjectVersions lists all versions and delete markers by key, those of a key from the newest to the oldest.
func (w *World) ListObjectVersions(now time.Time, in *ListVersionsInput) (*ListVersionsOutput, *Error) {
	return run(w, now, OpListObjectVersions, &in.Request, "", func(c *call) (*ListVersionsOutput, *Error) {
		if in.VersionIDMarker != "" && in.KeyMarker == "" {
			return nil, invalidArgument("A version-id marker cannot be specified without a key marker.")
		}
		return c.listVersions(in), nil
	})
}

func (c *call) listVersions(in *ListVersionsInput) *ListVersionsOutput {
	out, limit, owner := &ListVersionsOutput{}, pageSize(in.Max), CanonicalID(c.b.owner)
	if limit == 0 {
		return out
	}
	start := in.Prefix
	switch {
	case in.VersionIDMarker != "":
		start = in.KeyMarker
	case in.KeyMarker != "":
		start = after(in.KeyMarker, in.Delimiter, in.Prefix)
	}
	full := func() bool {
		if len(out.Versions)+len(out.CommonPrefixes) < limit {
			return false
		}
		out.Truncated = true
		return true
	}
	c.b.objects.walk(start, in.Prefix, in.Delimiter,
		func(key string, versions []*version) bool {
			rest := versions
			if key == in.KeyMarker && in.VersionIDMarker != "" {
				rest = behind(versions, in.VersionIDMarker)
			}
			for _, v := range rest {
				if full() {
					return false
				}
				out.Versions = append(out.Versions, ObjectInfo{})
				v.info(key, v == versions[0], owner, c.now, &out.Versions[len(out.Versions)-1])
				out.NextKeyMarker, out.NextVersionIDMarker = key, v.id
			}
			return true
		},
		func(common string) bool {
			if full() {
				return false
			}
			out.CommonPrefixes = append(out.CommonPrefixes, common)
			out.NextKeyMarker, out.NextVersionIDMarker = common, ""
			return true
		},
		func([]*version) bool { return true })
	if !out.Truncated {
		out.NextKeyMarker, out.NextVersionIDMarker = "", ""
	}
	return out
}

// behind returns the versions older than the named one; none when it has gone, so that the page goes on with the next
// key.
func behind(versions []*version, id string) []*version {
	for i, v := range versions {
		if v.id == id {
			return versions[i+1:]
		}
	}
	return nil
}
