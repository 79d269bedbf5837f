// Command reseal changes the encryption of objects that already lie in S3: it
// reads an S3 Inventory report and moves, in place, what is not yet under the
// wanted KMS key, below the KMS and S3 request quotas, resumable after any crash.
package main

import (
	"context"
	"io"
	"os"
	"slices"

	"reseal/internal/cli"
	"reseal/internal/signals"
	"reseal/internal/terminal"
)

func main() { os.Exit(start()) }

// start carries out the command line of this process and returns the exit code.
func start() int {
	p := process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, signals: signals.Listen(endAtOnce), outliveReaders: signals.OutliveReaders}
	return p.run(context.Background(), os.Args[1:])
}

// process is what the outside world gives a command: everything that is not in
// its arguments.
type process struct {
	args           []string // of the command line, for the record
	campaign       []string // that of the campaign which this run is part of; nil for none
	stdin          io.Reader
	stdout, stderr io.Writer
	signals        <-chan os.Signal // the first asks for a drain, the second for an end at once, a third never gets here

	// outliveReaders has the process go on when nobody reads its output any more, for
	// commands that have something to bring to its end; nil where that is so anyway.
	outliveReaders func()
}

// typed is the command line as it was typed, for the record.
func (p process) typed() []string {
	if p.campaign != nil {
		return p.campaign
	}
	return p.args
}

// screen is stderr as a screen.
func (p process) screen() *terminal.Screen {
	if s, ok := p.stderr.(*terminal.Screen); ok {
		return s
	}
	return terminal.NewScreen(p.stderr)
}

// run carries out one command line and returns the exit code.
func (p process) run(ctx context.Context, args []string) int {
	p.args = args
	stdout, flushOut := terminal.Harmless(p.stdout)
	defer flushOut()
	stderr, flushErr := terminal.Harmless(p.stderr)
	defer flushErr()
	p.stdout, p.stderr = stdout, stderr
	if i := slices.Index(args, "--"+cli.HelpAll); i >= 0 && !slices.Contains(args[:i], "--") {
		args = slices.Insert(slices.Clone(args), i, "--help") // whatever else is missing
	}
	root := newRoot(p)
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	if err := cli.KnownCommand(root, args); err != nil {
		return p.exit(root, err)
	}
	cmd, err := root.ExecuteContextC(tellReaderWaits(ctx, p.screen()))
	return p.exit(cmd, err)
}
