// Package console turns what is known of a job into text for a person at a terminal: its
// state, its run, what verify found, and the command that is to be typed next.
package console
