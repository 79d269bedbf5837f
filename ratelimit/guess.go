package ratelimit

import "time"

const (
	// guessPause is for how long no prefix is guessed after a guess was wrong.
	guessPause = time.Minute

	// What it takes for a guess to be right: so many requests of other keys since,
	// and less than a twentieth of them throttled.
	enoughOthers = 100
	otherShare   = 20
)

// guess is a prefix that was made a scope although only its own keys were seen.
// A report in order shows one folder at a time: when that is throttled, nothing
// says whether the bucket is, or only the folder. Taken for the folder's, it costs
// nothing while its keys are all there is, and lets other keys go by when the
// folder is put off for them; that shows whether they are throttled as well.
type guess struct {
	scope *scope

	released, throttles int64 // of the bucket when it was made, the prefix being new
}

// guessFolder takes the throttles of the bucket for those of one folder, where all
// keys seen are in it, and reports whether it did. The folder gets the control that
// the bucket would have had.
func (g *Governor) guessFolder(t *tree, now time.Duration) bool {
	s := t.root
	if was := t.guess; was != nil {
		if !was.right(s) {
			s.ctl = was.scope.ctl // what was learned is true of the bucket
			g.drop(t, was.scope)
			t.noGuessUntil = now + guessPause
			return false
		}
		t.guess = nil
	}
	seen := s.sample.seen
	common := commonPrefix(seen)
	prefix := common[:stem(common, 0)]
	if now < t.noGuessUntil || prefix == "" || countThrottled(seen) < minClusterThrottles {
		return false
	}
	ctl := s.ctl
	s.cut(now, s.sample.cause, s.sample.throttles)
	sc := t.add(prefix, s.ctl)
	if sc == nil {
		s.ctl = ctl
		return false
	}
	g.move(sc)
	t.guess = &guess{scope: sc, released: s.released, throttles: s.throttles}
	return true
}

// right reports whether keys beside the guessed prefix were hardly throttled.
func (u *guess) right(root *scope) bool {
	others := root.released - u.released - u.scope.released
	throttled := root.throttles - u.throttles - u.scope.throttles
	return others >= enoughOthers && throttled*otherShare < others
}

// commonPrefix returns what all keys begin with.
func commonPrefix(seen []outcome) string {
	if len(seen) == 0 {
		return ""
	}
	common := seen[0].key
	for _, o := range seen[1:] {
		common = common[:sharedLength(common, o.key)]
	}
	return common
}
