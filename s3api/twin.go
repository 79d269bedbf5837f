package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"reseal/engine"
	"reseal/plan"
)

// maxKey is the length of a key in bytes (Amazon S3 User Guide, object-keys, read
// 2026-11-21).
const maxKey = 1024

// twinKind is what is known of odd keys of one kind.
type twinKind struct {
	turn         chan struct{} // held while it is asked or told
	known, takes bool          // takes: the endpoint takes such keys for others
}

// notAlias makes sure that a look at an odd key did not meet an object that is the
// same in all that looks and listings show, as two empty folders are. An endpoint
// that takes the key for another takes its twin for that one, too. One key of each
// kind tells that, off AWS, and the others wait for it.
func (w *work) notAlias(ctx context.Context, version string, h *plan.Head) error {
	if w.config.Facts.AWS == plan.Yes || version != "" {
		return nil
	}
	kind, twin := twinOf(w.task.Record.Key)
	if twin == "" {
		return nil
	}
	first := &twinKind{turn: make(chan struct{}, 1)}
	stored, _ := w.twins.LoadOrStore(kind, first)
	of := stored.(*twinKind)
	select {
	case of.turn <- struct{}{}:
		defer func() { <-of.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !of.known {
		var err error
		if of.takes, of.known, err = w.takesTwin(ctx, twin, h); err != nil {
			return err
		}
	}
	if of.takes {
		return w.unreached(http.StatusOK, fmt.Errorf("HeadObject shows the same object under a key that no listing has, such as %q", twin))
	}
	return nil
}

// under is the same work on the object of another key.
func (w *work) under(key string) *work {
	t := *w.task
	t.Record.Key = key
	return &work{Rewriter: w.Rewriter, task: &t, gate: w.gate}
}

// noneSeen tells whether a look at a key showed that no object is there, or none that may
// be looked at.
func noneSeen(oe *engine.ObjectError) bool {
	return oe.Class == engine.Gone || oe.Class == engine.Denied || oe.Class == engine.Permanent
}

// takesTwin tells whether a look at a key shows the object h, and a listing does not
// have that key; sure is false where that cannot be told.
func (w *work) takesTwin(ctx context.Context, twin string, h *plan.Head) (takes, sure bool, err error) {
	other := w.under(twin)
	met, err := other.head(ctx, plan.StepHead, "")
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe): // refused or not there: it is not taken for h
		return false, noneSeen(oe), nil
	case err != nil:
		return false, false, err
	case met.ETag != h.ETag || met.Size != h.Size || !met.LastModified.Equal(h.LastModified):
		return false, false, nil // a key of its own, or written meanwhile
	}
	entry, err := other.listed(ctx, "")
	switch {
	case unlistable(err) != "":
		return false, false, nil
	case err != nil:
		return false, false, err
	}
	return entry == nil, entry == nil, nil
}

// moreSlashes are as many as hardly any key has in a row: a twin that is there tells nothing.
const moreSlashes = "///////"

// twinOf returns a key that an endpoint takes for what it takes key for, should it
// merge slashes, resolve dots, decode twice, or trim. kind names which of these; the
// twin is "" where there is none.
func twinOf(key string) (kind, twin string) {
	kind, twin = spelledTwin(key)
	if len(twin) > maxKey {
		twin = ""
	}
	return kind, twin
}

func spelledTwin(key string) (kind, twin string) {
	if strings.HasPrefix(key, "/") {
		return "slash", moreSlashes + key
	}
	if i := strings.Index(key, "//"); i >= 0 {
		return "slash", key[:i] + moreSlashes + key[i:]
	}
	at := 0
	for segment := range strings.SplitSeq(key, "/") {
		end := at + len(segment)
		switch {
		case segment == "." || segment == "..":
			return "dot", key[:at] + "./" + key[at:]
		case strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " "):
			return "tail", key[:end] + key[end-1:]
		}
		at = end + 1
	}
	escaped := false
	letter := -1
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == '%' && i+2 < len(key) && hexDigit(key[i+1]) && hexDigit(key[i+2]):
			escaped = true
			i += 2
		case letter < 0 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'):
			letter = i
		}
	}
	if !escaped || letter < 0 {
		return "", ""
	}
	return "percent", fmt.Sprintf("%s%%%02X%s", key[:letter], key[letter], key[letter+1:])
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
