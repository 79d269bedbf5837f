package report

// Untold says that the answers to n proven objects were lost, and that nothing tells what
// they were before.
func Untold(n int64) string {
	verb := " were"
	if n == 1 {
		verb = " was"
	}
	return Plural(n, "object") + verb + " found done, and nobody compared what was there before"
}
