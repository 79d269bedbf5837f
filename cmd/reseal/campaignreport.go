package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"reseal/campaign"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/report"
)

// reportCampaign writes the report of a campaign, to a file as a whole or not at all. It ends
// with what the worst job that cannot be read ends with.
func reportCampaign(ctx context.Context, p process, s *campaign.Status, d *campaign.Document, format, out string) error {
	write, known := map[string]func(io.Writer, *report.Campaign) error{
		"text": report.WriteCampaign, "json": report.WriteCampaignJSON, "html": report.WriteCampaignHTML}[format]
	if !known {
		return usagef("--format %s is of the job of one bucket, such as %s; of a campaign there is text, json and html", format, campaign.JobOf(s.Job, "BUCKET"))
	}
	view := s.Report(d, time.Now(), programVersion())
	var err error
	if out == "" {
		err = write(p.stdout, view)
	} else if err = outfile.Write(ctx, out, func(w io.Writer) error { return write(w, view) }); err == nil {
		fmt.Fprintf(p.stderr, "Written: %s\n", plain.Text(out))
	}
	if err != nil {
		return err
	}
	if code := campaign.Worst(unreadable(s)); code != exitDone {
		return &finding{code}
	}
	return nil
}
