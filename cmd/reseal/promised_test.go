package main

import (
	"fmt"
	"testing"

	"github.com/spf13/pflag"

	"reseal/campaign"
	"reseal/certify"
	"reseal/console"
	"reseal/control"
	"reseal/internal/compat"
	"reseal/inventory/setup"
	"reseal/job"
	"reseal/job/status"
	"reseal/preflight"
	"reseal/selfcheck"
	"reseal/survey"
	"reseal/verify"
)

// What others have in their scripts, files and programs is there: a name that was
// promised is never renamed. docs/compatibility.md says what is.
func TestPromisedNames(t *testing.T) {
	const folder = "../../testdata/compat/"
	compat.Check(t, folder+"exits.txt", promisedExits())
	compat.Check(t, folder+"flags.txt", promisedFlags())
	compat.Check(t, folder+"words.txt", promisedWords())
	for name, v := range map[string]any{
		"json-jobs": status.Listed{}, "json-inventory-ls": console.ListedReport{}, "json-inventory-setup": setup.Setup{}, "json-import": imported{},
		"json-preflight": console.CheckDocument{}, "json-ctl": control.Answer{}, "json-uploads": job.Upload{}, "json-selfcheck": selfcheck.Facts{},
		"json-survey": survey.Survey{}, "json-campaign": campaign.Status{}, "campaign": campaign.Document{}, "json-certify": certify.Certificate{}, "json-certify-check": certify.Checked{},
		"job-plan": job.Plan{}, "job-options": job.Options{}, "job-run": job.Run{},
	} {
		compat.Check(t, folder+name+".txt", compat.Keys(v))
	}
}

func promisedExits() (all []string) {
	for name, code := range map[string]int{
		"done": exitDone, "fatal": exitFatal, "usage": exitUsage, "failures": exitFailures, "stopped": exitStopped, "refused": exitRefused,
		"mismatch": exitMismatch, "different": exitDifferent, "interrupted": exitInterrupted, "terminated": exitTerminated, "hung up": exitHungUp,
	} {
		all = append(all, fmt.Sprint(code, " ", name))
	}
	return all
}

// promisedFlags are all commands, each with its flags. They are the variables and the
// keys of the file of options, too.
func promisedFlags() (all []string) {
	for _, cmd := range commandsOf(newRoot(process{})) {
		all = append(all, cmd.CommandPath())
		add := func(f *pflag.Flag) {
			line := cmd.CommandPath() + " --" + f.Name
			if f.Shorthand != "" {
				line += " -" + f.Shorthand
			}
			all = append(all, line)
		}
		cmd.LocalFlags().VisitAll(add)
	}
	return all
}

// promisedWords are values that programs compare: of flags, and in JSON.
func promisedWords() (all []string) {
	for _, name := range preflight.HazardNames() {
		all = append(all, "hazard "+name)
	}
	for _, v := range verify.Verdicts() {
		all = append(all, "verdict "+string(v))
	}
	for _, s := range survey.States() {
		all = append(all, "survey state "+string(s))
	}
	for _, s := range campaign.States() {
		all = append(all, "campaign state "+string(s))
	}
	for _, l := range control.Limits() {
		all = append(all, "limit "+string(l))
	}
	return all
}
