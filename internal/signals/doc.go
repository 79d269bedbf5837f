// Package signals are the signals that ask a process to end: the first two are a
// command's to act on, by the end of a context, and the third ends the process.
package signals
