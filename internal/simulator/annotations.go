package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of annotations (S3 API Reference, PutObjectAnnotation, read 2026-11-21).
const (
	maxAnnotations     = 1000
	maxAnnotationName  = 512     // bytes
	maxAnnotationValue = 1 << 20 // bytes of UTF-8
)

func noAnnotation() *Error {
	return fail(404, "NoSuchAnnotation", "The specified annotation does not exist.")
}

func sameAnnotations(v, o *version) bool {
	return maps.EqualFunc(v.more().annotations, o.more().annotations, func(x, y []byte) bool { return string(x) == string(y) })
}

// GetObjectAnnotation returns one annotation of a version.
func (w *World) GetObjectAnnotation(now time.Time, in *ObjectInput, name string) ([]byte, *Error) {
	return run(w, now, OpGetObjectAnnotation, &in.Request, in.Key, func(c *call) ([]byte, *Error) {
		v, _, err := c.lookup(c.b, in.Key, in.VersionID)
		if err != nil {
			return nil, err
		}
		value, ok := v.more().annotations[name]
		if !ok {
			return nil, noAnnotation()
		}
		return value, nil
	})
}

// Annotation is an annotation in a list of them.
type Annotation struct {
	Name, ETag string
	Size       int
}

// ListObjectAnnotations returns a version's annotations, sorted by name.
func (w *World) ListObjectAnnotations(now time.Time, in *ObjectInput) ([]Annotation, *Error) {
	return run(w, now, OpListObjectAnnotations, &in.Request, in.Key, func(c *call) ([]Annotation, *Error) {
		v, _, err := c.lookup(c.b, in.Key, in.VersionID)
		if err != nil {
			return nil, err
		}
		var out []Annotation
		for _, name := range slices.Sorted(maps.Keys(v.more().annotations)) {
			value := v.more().annotations[name]
			sum := md5.Sum(value)
			out = append(out, Annotation{Name: name, ETag: hex.EncodeToString(sum[:]), Size: len(value)})
		}
		return out, nil
	})
}

// PutObjectAnnotation adds or replaces an annotation. Where ifMatch is not "", the object must have that ETag.
func (w *World) PutObjectAnnotation(now time.Time, in *ObjectInput, name string, value []byte, ifMatch string) *Error {
	return w.annotate(now, OpPutObjectAnnotation, in, func(v *version) *Error {
		switch {
		case ifMatch != "" && strings.Trim(ifMatch, `"`) != v.etag:
			return preconditionFailed("If-Match")
		case name == "" || len(name) > maxAnnotationName:
			return invalidArgument("The annotation name must be between 1 and 512 bytes long.")
		case len(value) == 0 || len(value) > maxAnnotationValue:
			return invalidArgument("The annotation must be between 1 byte and 1 MiB in size.")
		case !utf8.Valid(value):
			return fail(415, "UnsupportedMediaType", "The annotation must be valid UTF-8.")
		}
		_, there := v.more().annotations[name]
		if !there && len(v.more().annotations) >= maxAnnotations {
			return fail(400, "TooManyAnnotations", "An object cannot have more than 1000 annotations.")
		}
		r := v.edit()
		if r.annotations == nil {
			r.annotations = map[string][]byte{}
		}
		r.annotations[name] = slices.Clone(value)
		return nil
	})
}

// DeleteObjectAnnotation removes an annotation.
func (w *World) DeleteObjectAnnotation(now time.Time, in *ObjectInput, name string) *Error {
	return w.annotate(now, OpDeleteObjectAnnotation, in, func(v *version) *Error {
		if _, ok := v.more().annotations[name]; !ok {
			return noAnnotation()
		}
		delete(v.edit().annotations, name)
		return nil
	})
}

func (w *World) annotate(now time.Time, op Op, in *ObjectInput, change func(*version) *Error) *Error {
	_, err := run(w, now, op, &in.Request, in.Key, func(c *call) (struct{}, *Error) {
		if op == OpDeleteObjectAnnotation {
			c.status = 204
		}
		return struct{}{}, c.edit(in, change)
	})
	return err
}
