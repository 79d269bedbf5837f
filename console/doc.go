// Package console turns what is known of a job into text for a person at a terminal: its
// state, its run, what preflight and verify found, and the command that is to be typed
// next. It sends nothing, and keeps nothing.
package console
