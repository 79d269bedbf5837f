package console

import (
	"fmt"
	"io"

	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

func Uploads(out io.Writer, endpoint, bucket string, found []job.Upload) error {
	out = terminal.Folding(out)
	var rows [][]string
	var bytes int64
	for _, o := range found {
		if o.State == job.UploadUnsure {
			rows = append(rows, []string{o.State, fmt.Sprintf("%q", o.Key), "", "", o.ID})
			continue
		}
		rows = append(rows, []string{o.State, fmt.Sprintf("%q", o.Key), report.Plural(o.Parts, "part"), report.Bytes(o.Bytes), o.ID})
		bytes += o.Bytes
	}
	if err := report.WriteTable(out, "llrrl", []int{4}, rows); err != nil { // an id is in the commands below and in the JSON
		return err
	}
	fmt.Fprintf(out, "%s of this job in %s, %s\n", report.Plural(int64(len(found)), "upload"), plain.Text(bucket), report.Bytes(bytes))
	for _, o := range found {
		if o.State == job.UploadUnsure {
			fmt.Fprintf(out, "may be left: %s\n", removeUpload(endpoint, bucket, o.Key, o.ID))
		}
	}
	return nil
}

// removeUpload is the command that removes an upload, or finds it where its id is
// not known.
func removeUpload(endpoint, bucket, key, id string) string {
	at := " --bucket " + shell.Word(bucket)
	if endpoint != "" {
		at += " --endpoint-url " + shell.Word(endpoint)
	}
	if id == "" {
		return "aws s3api list-multipart-uploads" + at + " --prefix " + shell.Visible(key)
	}
	return "aws s3api abort-multipart-upload" + at + " --key " + shell.Visible(key) + " --upload-id " + shell.Visible(id)
}

// Strays names at the end of a run the uploads that it may leave behind.
func Strays(w io.Writer, e *preflight.Environment, r *s3api.Rewriter) {
	first, all := r.MayBeLeft()
	endpoint := e.Client.Endpoint().URL
	if e.Policy.Facts.AWS == plan.Yes {
		endpoint = ""
	}
	for _, s := range first {
		fmt.Fprintf(w, "may be left: an upload of %q, begun by a request without an answer; %s\n  %s\n",
			s.Key, s.Why, removeUpload(endpoint, e.Policy.Options.Bucket, s.Key, s.ID))
	}
	if more := all - len(first); more > 0 {
		fmt.Fprintf(w, "may be left: %d more; reseal uploads names them\n", more)
	}
}
