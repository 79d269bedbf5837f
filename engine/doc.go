// Package engine turns tasks into results: a pool of workers that carries out
// each task as steps of one request, every step through the gate, retried,
// classified, counted and written down before the checkpoint may claim it.
package engine
