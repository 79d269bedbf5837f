package main

import (
	"slices"

	"reseal/console"
	"reseal/job"
)

// hazardsError is a run that refuses to begin over hazards.
type hazardsError struct {
	text string
	next string // the same command with what settles them
}

func (e *hazardsError) Error() string { return e.text }

// Next is the command that the person types then.
func (e *hazardsError) Next() string { return e.next }

// settlingAgain is the command line with what settles hazards. accepted are those that
// it accepts already, by whatever source.
func (p process) settlingAgain(open []job.OpenHazard, accepted []string) string {
	names, probe := console.ToAccept(open)
	command := p.with(job.AcceptOption, slices.Concat(accepted, names)...)
	if probe {
		command += " " + console.ProbeWords
	}
	return command
}
