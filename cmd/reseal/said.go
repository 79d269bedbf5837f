package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"reseal/internal/explain"
	"reseal/internal/shell"
	"reseal/job"
	"reseal/preflight"
)

// said is how a command says that it ended with err.
func (p process) said(cmd *cobra.Command, err error) string {
	r := explain.RemedyOf(err, p.again(cmd)).Within(func(flag string) bool { return cmd.Flag(flag) != nil })
	if r.Next == "" && exitCode(err) == exitUsage {
		r.Next = cmd.CommandPath() + " --help"
	}
	return explain.Message(err, untouched(cmd, err), r)
}

// untouched says that a command ended before it wrote anything, "" where it may have.
func untouched(cmd *cobra.Command, err error) string {
	switch {
	case exitCode(err) == exitUsage, errors.As(err, new(*job.NameError)):
		return "Nothing was done."
	case onlyLooks(cmd), errors.As(err, new(*job.NoJobError)), errors.As(err, new(*job.NotJobError)), errors.As(err, new(*job.CampaignError)), errors.As(err, new(*preflight.UntouchedError)):
		return "Nothing was written."
	}
	return ""
}

// onlyLooks tells whether a command writes nothing to any bucket.
func onlyLooks(cmd *cobra.Command) bool {
	switch strings.TrimPrefix(cmd.CommandPath(), "reseal ") {
	case "plan", "preflight", "status", "report", "verify", "jobs", "ui", "permissions", "inventory ls", "export batch-operations":
		return true
	}
	return false
}

// again returns the command line of cmd with another value of a flag, as one that can be
// pasted; "" where cmd has no such flag.
func (p process) again(cmd *cobra.Command) func(flag, value string) string {
	return func(flag, value string) string {
		if cmd.Flag(flag) == nil {
			return ""
		}
		return p.with(flag, value)
	}
}

// with is the command line with other values of a flag.
func (p process) with(flag string, values ...string) string {
	words := []string{"reseal"}
	for i := 0; i < len(p.args); i++ {
		switch a := p.args[i]; {
		case a == "--"+flag:
			i++
		case strings.HasPrefix(a, "--"+flag+"="):
		default:
			words = append(words, shell.Word(a))
		}
	}
	for _, v := range values {
		words = append(words, "--"+flag, shell.Word(v))
	}
	return strings.Join(words, " ")
}
