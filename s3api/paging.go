package s3api

import "errors"

// maxBarrenPages is how many pages in a row without anything new are believed. S3 may send
// some while it passes over deleted objects; a broken server sends them for ever.
const maxBarrenPages = 100

var (
	errEndlessList = errors.New("the listing goes on without end")
	errTornList    = errors.New("the answer says that there is more, and not where it goes on")
)

// leafing is where somebody is in a list that comes in pages. The zero value is before its
// first page.
type leafing struct {
	most  int // pages; 0: as many as have something new
	read  int
	empty int // in a row
	seen  map[string]bool
}

// on tells whether a page leads to another one, after it was read: more is what its answer
// says of that, next what it names the other one by, and news whether anything in it was
// new. A list that says that it goes on and not where, that leads to where it was before, or
// that has nothing new for too long is an error: what it did not show is not absent.
func (l *leafing) on(more bool, next string, news bool) (bool, error) {
	if !more {
		return false, nil
	}
	if l.read++; news {
		l.empty = 0
	} else {
		l.empty++
	}
	switch {
	case next == "":
		return false, errTornList
	case l.seen[next], l.empty == maxBarrenPages, l.most > 0 && l.read >= l.most:
		return false, errEndlessList
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[next] = true
	return true, nil
}
