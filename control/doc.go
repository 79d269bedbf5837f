// Package control turns clock, flag file, operator and others' use of a quota
// into pauses and caps, and into what holds a run back.
package control
