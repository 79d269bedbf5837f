package console

import (
	"fmt"
	"strings"

	"reseal/internal/shell"
	"reseal/job"
	"reseal/preflight"
)

// ProbeWords are the words of a command line that have a run probe the endpoint.
const ProbeWords = "--" + job.ProbeOption + " reseal-probe/"

// AcceptWords are the words of a command line that accept hazards.
func AcceptWords(names []string) string { return "--accept " + strings.Join(names, " --accept ") }

// ToAccept are the names that a command has to accept, and whether a probe settles the rest.
func ToAccept(open []job.OpenHazard) (names []string, probe bool) {
	for _, h := range open {
		if h.ByProbe {
			probe = true
			continue
		}
		names = append(names, h.Name)
	}
	return names, probe
}

// Settling is a command with the words that settle hazards: a probe where that does, and
// their names where it does not.
func Settling(command string, open []job.OpenHazard) string {
	names, probe := ToAccept(open)
	if len(names) > 0 {
		command += " " + AcceptWords(names)
	}
	if probe {
		command += " " + ProbeWords
	}
	return command
}

// OptionWords are the words of a command line that give options anew. flag tells whether
// an option is a switch, which takes its value after "=" alone.
func OptionWords(changes []job.Change, given job.Told, isSwitch func(option string) bool) string {
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

// Hazards says that a run is refused over hazards, each with what mends it.
func Hazards(open []preflight.Hazard) string {
	var b strings.Builder
	fmt.Fprintf(&b, "refused: nothing was written, as this bucket holds hazards that were not accepted\n")
	var names []string
	for _, h := range open {
		fmt.Fprintf(&b, "  %-16s %s\n", h.Name, h.Why)
		if h.Mend != "" {
			fmt.Fprintf(&b, "  %-16s %s\n", "", "→ "+h.Mend)
		}
		names = append(names, h.Name)
	}
	fmt.Fprintf(&b, "to accept them: %s", AcceptWords(names))
	return b.String()
}
