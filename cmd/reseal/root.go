package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// version is set by the release build with -ldflags "-X main.version=v1.2.3".
var version = "devel"

const rootLong = `reseal changes the encryption of objects that already lie in S3.

It reads an S3 Inventory report, decides for every object what has to be done,
and copies in place to SSE-KMS what is not yet there: below the KMS and S3
request quotas, resumable after any crash, with metadata, tags and storage
class kept, for a price it states beforehand.

Start with a plan, which changes nothing:

  reseal plan --manifest s3://reports/src/daily/2026-11-20T01-00Z/manifest.json \
              --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/...

or with "reseal demo", which needs no account and no network.`

func newRoot(p process) *cobra.Command {
	root := &cobra.Command{
		Use:           "reseal",
		Short:         "Change the encryption of objects that already lie in S3",
		Long:          rootLong,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newPlanCommand(p), newRunCommand(p), newCtlCommand(p), newStatusCommand(p), newRetryCommand(p), newExportCommand(p), newImportCommand(p), newReportCommand(p),
		newVerifyCommand(p), newUploadsCommand(p), newInventoryCommand(p), newSimulateCommand(p), newDemoCommand(p),
		newPreflightCommand(p), newEnforceCommand(p), newPermissionsCommand(p),
	)
	return root
}

// noArgs refuses positional arguments: everything is a flag, so that a typo is
// never taken for something else.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, only flags; got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
