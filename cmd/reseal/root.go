package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"

	"reseal/internal/cli"
)

const rootLong = `reseal changes the encryption of objects that already lie in S3.

It reads an S3 Inventory report, decides for every object what has to be done,
and copies in place to SSE-KMS what is not yet there: below the KMS and S3
request quotas, resumable after any crash, with metadata, tags and storage
class kept, for a price it states beforehand.

Start with a plan, which changes nothing:

  reseal plan --manifest s3://reports/media/2026-11-20T01-00Z/manifest.json \
              --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/...

or with "reseal demo", which needs no account and no network.`

func newRoot(p process) *cobra.Command {
	info, _ := debug.ReadBuildInfo()
	root := &cobra.Command{
		Use:           "reseal",
		Short:         "Change the encryption of objects that already lie in S3",
		Long:          rootLong,
		Version:       cli.VersionText(version, info),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			return nil // cli.KnownCommand told a word that is no command already
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(cli.FlagError)
	root.PersistentFlags().String(cli.ConfigFlag, "", "YAML `FILE` of options, one a line by the name of the flag: kms-share: 25%")
	root.PersistentPreRunE = takeSettings
	helpInGroups.Bind(root)
	root.AddCommand(
		newSurveyCommand(p), newPlanCommand(p), newRunCommand(p), newCampaignCommand(p), newCtlCommand(p), newStatusCommand(p), newUICommand(p), newRetryCommand(p), newExportCommand(p), newImportCommand(p), newReportCommand(p),
		newVerifyCommand(p), newCertifyCommand(p), newUploadsCommand(p), newInventoryCommand(p), newSimulateCommand(p), newDemoCommand(p),
		newPreflightCommand(p), newEnforceCommand(p), newPermissionsCommand(p), newSelfcheckCommand(p), newJobsCommand(p), newForgetCommand(p), newManCommand(), newCompletionCommand(p),
	)
	root.CompletionOptions.DisableDefaultCmd = true // it takes any word for a shell
	root.SetHelpCommand(cli.NewHelpCommand())
	root.InitDefaultHelpCmd()
	completes(root)
	return root
}
