package control

// NoticeKind is what a Notice is about.
type NoticeKind int

// The kinds of notices.
const (
	Paused NoticeKind = iota
	Resumed
	Warning
)

// Notice is what the person who watches a run should hear at once.
type Notice struct {
	Kind  NoticeKind
	Text  string // the reason of a pause, or the text of a warning
	Until string // how a pause ends: "until 22:00 CET"
	Err   error  // of a warning
}
