package s3api

import (
	"fmt"
	"regexp"
	"strings"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// namedKey is how the messages of KMS name a key.
var namedKey = regexp.MustCompile(`arn:aws[a-z-]*:kms:[a-z0-9-]*:[0-9]*:key/[A-Za-z0-9-]+`)

// keyOf returns the key that an answer of KMS is about, "" where it is not known, and
// whether that is the wanted one. The message tells; where it names no key, it is the one
// that the object is under if the request may have used another one than the wanted one.
func (s *step) keyOf(a answer) (key string, wanted bool) {
	named := namedKey.FindString(a.message)
	switch {
	case namesKey(a.message, s.key):
		return s.key, true
	case named != "" && !strings.Contains(s.key, "alias/"): // an alias cannot be compared
		return named, false
	case s.otherKey:
		return s.own, false
	}
	return s.key, true
}

// namesKey tells whether a message speaks of key.
func namesKey(message, key string) bool {
	id := key[strings.LastIndexByte(key, '/')+1:]
	id = id[strings.LastIndexByte(id, ':')+1:]
	return id != "" && strings.Contains(message, id)
}

// remedyOfKey is what makes a key usable again, or shows why it is not, up to its ARN.
func remedyOfKey(kind SetupKind) string {
	if kind == KeyDisabled {
		return "; to use it again: aws kms enable-key --key-id "
	}
	return "; to look at it: aws kms describe-key --key-id "
}

// stepOf is what classify has to know of a request of kind k.
func (w *work) stepOf(k plan.StepKind) step {
	s := step{kind: k, key: w.config.Options.KMSKeyID}
	switch k {
	case plan.StepCreate, plan.StepComplete, plan.StepAbort, plan.StepListParts, plan.StepListUploads:
		return s // of an upload, which is under the wanted key
	}
	h := w.task.Head
	switch {
	case h == nil:
		s.otherKey = w.task.FromKMS || w.task.Record.Encryption == inventory.EncryptionUnknown
	case plan.UnderKMS(h.Encryption) && !plan.SameKey(h.KMSKeyID, s.key):
		s.otherKey, s.own = true, h.KMSKeyID
	}
	return s
}

// sayKey says in e which key an answer of KMS is about, and where that is the one that
// the object is under, what makes it usable again. It changes nothing for other answers.
func sayKey(e *engine.ObjectError, s step, a answer) {
	if !keyService(a.code) || e.Class != engine.Permanent && e.Class != engine.Fatal {
		return
	}
	key, wanted := s.keyOf(a)
	e.KMSKey = key
	if wanted {
		return
	}
	about := "; the object is under this key, not under the job's"
	if !strings.Contains(a.message, key) {
		about = "; the object is under " + key + ", not under the job's key"
	}
	if key == namedKey.FindString(key) && key != "" { // what else there is may be no word of a shell
		about += remedyOfKey(kindOf(a.code, a.status)) + key + " --region " + arnRegion(key)
	}
	e.Said = strings.TrimRight(a.message, ". ") + about
	e.Err = fmt.Errorf("%w%s", e.Err, about)
}
