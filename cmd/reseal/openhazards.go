package main

import (
	"slices"
	"strings"

	"reseal/internal/shell"
	"reseal/job"
	"reseal/preflight"
)

// probeWords are the words of a command line that have a run probe the endpoint.
const probeWords = "--" + job.ProbeOption + " reseal-probe/"

// openHazards are hazards that were not accepted, as a job has them. A probe settles none
// in a bucket that would not let go of its scratch objects.
func openHazards(e *preflight.Environment, unaccepted []preflight.Hazard) []job.OpenHazard {
	mayProbe := preflight.KeepsScratch(e.Policy.Options.Bucket, e.Policy.Facts) == nil
	var open []job.OpenHazard
	for _, h := range unaccepted {
		open = append(open, job.OpenHazard{Name: h.Name, ByProbe: h.ByProbe && mayProbe})
	}
	return open
}

// toAccept are the names that a command has to accept, and whether a probe settles the rest.
func toAccept(open []job.OpenHazard) (names []string, probe bool) {
	for _, h := range open {
		if h.ByProbe {
			probe = true
			continue
		}
		names = append(names, h.Name)
	}
	return names, probe
}

// settling is a command with the words that settle hazards: a probe where that does, and
// their names where it does not.
func settling(command string, open []job.OpenHazard) string {
	names, probe := toAccept(open)
	if len(names) > 0 {
		command += " " + acceptWords(names)
	}
	if probe {
		command += " " + probeWords
	}
	return command
}

// hazardsError is a run that refuses to begin over hazards.
type hazardsError struct {
	text string
	next string // the same command with what settles them
}

func (e *hazardsError) Error() string { return e.text }

// settlingAgain is the command line with what settles hazards. accepted are those that
// it accepts already, by whatever source.
func (p process) settlingAgain(open []job.OpenHazard, accepted []string) string {
	names, probe := toAccept(open)
	command := p.with(job.AcceptOption, slices.Concat(accepted, names)...)
	if probe {
		command += " " + probeWords
	}
	return command
}

// optionWords are the words of a command line that give options anew. flag tells whether
// an option is a switch, which takes its value after "=" alone.
func optionWords(changes []job.Change, given job.Told, isSwitch func(option string) bool) string {
	var words []string
	for _, c := range changes {
		values, is := given[c.Option]
		if !is {
			continue // which another one takes away
		}
		for _, v := range values {
			if isSwitch(c.Option) {
				words = append(words, "--"+c.Option+"="+shell.Word(v))
			} else {
				words = append(words, "--"+c.Option+" "+shell.Word(v))
			}
		}
	}
	return strings.Join(words, " ")
}
