// Package engine turns tasks into results. A pool of workers carries out each task as
// steps of one request. Every step passes the gate, and is retried, classified and
// counted. A result is written down before the checkpoint may claim it.
package engine
