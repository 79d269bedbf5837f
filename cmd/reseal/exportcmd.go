package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

const exportLong = `export batch-operations writes what a plan would do as manifests for S3 Batch
Operations, and the request that creates the job: UpdateObjectEncryption with
--method update, else Copy. It sends nothing but what plan sends.

A Copy job gives every object one storage class, so there is one manifest a
class. Objects that such a job cannot do are counted and left to reseal run.
docs/batch-operations.md says what else it does not do.

With --job it takes the options of the job, and leaves out what is done.`

// exportFlags is the command line of export batch-operations.
type exportFlags struct {
	runFlags
	out string
}

func newExportCommand(p process) *cobra.Command {
	f := &exportFlags{}
	batch := &cobra.Command{
		Use:   "batch-operations --out DIR (--job DIR | --manifest URI --sse-kms-key-id ARN)",
		Short: "Write manifests and job requests for S3 Batch Operations",
		Long:  exportLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.export(cmd.Context(), p) },
	}
	f.connection.bind(batch)
	f.connection.bindJob(batch)
	f.selection.bind(batch)
	f.pace.bind(batch)
	f.pricing.bind(batch)
	batch.Flags().StringVar(&f.job, "job", "", "`folder` of a job whose options to take, and whose finished objects to leave out")
	batch.Flags().StringVar(&f.out, "out", "", "new `folder` for the files")
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Hand the work to another engine",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(batch)
	return cmd
}

func (f *exportFlags) export(ctx context.Context, p process) error {
	if f.out == "" {
		return usagef("--out is needed: a new folder for the files")
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var job *jobPlan
	var settled func(inventory.Position) bool
	if f.job != "" {
		store, found, err := openJobAt(ctx, f.connection, f.job)
		if err != nil {
			return err
		}
		job = found
		f.adopt(job)
		snapshot, err := checkpoint.Read(ctx, store)
		if err != nil {
			return err
		}
		if settled, err = doneRows(ctx, snapshot); err != nil {
			return err
		}
	}
	g, err := prepare(ctx, &f.request, job, time.Now())
	if err != nil {
		return err
	}
	if job != nil {
		if err := job.agree(f.job, g.frozen); err != nil {
			return err
		}
	}
	e, err := newExport(f.out, g.policy)
	if err != nil {
		return err
	}
	err = e.write(ctx, g.report, settled)
	if err := errors.Join(err, e.close()); err != nil {
		return fmt.Errorf("write manifests: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(e.files)) {
		fmt.Fprintf(p.stdout, "%s\t%s\n", filepath.Join(f.out, "manifest-"+name+".csv"), report.Plural(e.files[name].rows, "object"))
	}
	for _, why := range slices.Sorted(maps.Keys(e.left)) {
		fmt.Fprintf(p.stderr, "left to reseal run: %s, %s\n", report.Plural(e.left[why], "object"), why)
	}
	return nil
}

// doneRows tells which rows a job has done.
func doneRows(ctx context.Context, s *checkpoint.Snapshot) (func(inventory.Position) bool, error) {
	c, err := newClaims(ctx, s)
	if err != nil {
		return nil, err
	}
	return c.done, nil
}

// export is a folder of manifests in the making.
type export struct {
	dir    string
	policy *plan.Policy
	files  map[string]*exportFile // by storage class, or "all"
	left   map[string]int64       // objects that the other engine cannot do, by why
}

// exportFile is one manifest.
type exportFile struct {
	file  *os.File
	buf   *bufio.Writer
	sum   hash.Hash
	rows  int64
	class string
}

func newExport(dir string, policy *plan.Policy) (*export, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for the manifests: %w", err)
	}
	return &export{dir: dir, policy: policy, files: map[string]*exportFile{}, left: map[string]int64{}}, nil
}

// write goes through the report.
func (e *export) write(ctx context.Context, rep *inventory.Report, done func(inventory.Position) bool) error {
	segments, err := rep.Segments(ctx)
	if err != nil {
		return err
	}
	versions := rep.Manifest().Columns.Has(inventory.ColVersionID)
	for batch, err := range rep.Read(ctx, segments) {
		if err = cmp.Or(err, batch.Err); err != nil {
			return err
		}
		for i := range batch.Records {
			task := e.policy.Decide(&batch.Records[i])
			if task.Action == plan.Skip || done != nil && done(task.Record.Pos) {
				continue
			}
			if err := e.add(&task, versions); err != nil {
				return err
			}
		}
	}
	return nil
}

// add writes one row, or counts why it cannot be.
func (e *export) add(t *plan.Task, versions bool) error {
	name := "all"
	switch {
	case t.Action == plan.Update:
	case e.policy.Options.Method != plan.MethodCopy:
		e.left["which cannot be updated in place"]++
		return nil
	case t.Action == plan.MultipartCopy:
		e.left["above the size that a Copy job takes"]++
		return nil
	case t.Record.StorageClass == "" || t.Record.StorageClass == inventory.StorageClass("REDUCED_REDUNDANCY"):
		e.left["whose storage class a Copy job cannot keep"]++
		return nil
	default:
		name = string(t.Record.StorageClass)
	}
	f := e.files[name]
	if f == nil {
		file, err := os.OpenFile(filepath.Join(e.dir, "manifest-"+name+".csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		f = &exportFile{file: file, sum: md5.New(), class: name}
		f.buf = bufio.NewWriterSize(io.MultiWriter(file, f.sum), 1<<16)
		e.files[name] = f
	}
	f.rows++
	line := t.Record.Bucket + "," + batchKey(t.Record.Key)
	if versions {
		line += "," + cmp.Or(t.Record.VersionID, "null")
	}
	_, err := f.buf.WriteString(line + "\n")
	return err
}

// batchKey encodes a key as manifests of S3 Batch Operations have it: a space is
// %20 (Amazon S3 User Guide, batch-ops-create-job, read 2026-11-21).
func batchKey(key string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
}

// close ends the manifests and writes a request beside each.
func (e *export) close() error {
	var errs []error
	for name, f := range e.files {
		err := errors.Join(f.buf.Flush(), f.file.Sync(), f.file.Close())
		if err == nil {
			err = e.request(name, f)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// request writes the input of CreateJob. What only the user knows stands there
// in capitals.
func (e *export) request(name string, f *exportFile) error {
	type object = map[string]any
	o := e.policy.Options
	operation := object{"S3UpdateObjectEncryption": object{"ObjectEncryption": object{"SSEKMS": object{"KMSKeyArn": o.KMSKeyID, "BucketKeyEnabled": o.BucketKey}}}}
	if name != "all" {
		dup := object{"TargetResource": "arn:aws:s3:::" + o.Bucket, "MetadataDirective": "COPY", "StorageClass": f.class}
		if o.SSE == plan.TargetKMS {
			dup["SSEAwsKmsKeyId"], dup["BucketKeyEnabled"] = o.KMSKeyID, o.BucketKey
			dup["NewObjectMetadata"] = object{"SSEAlgorithm": "KMS"}
		} else {
			dup["NewObjectMetadata"] = object{"SSEAlgorithm": "AES256"}
		}
		operation = object{"S3PutObjectCopy": dup}
	}
	fields := []string{"Bucket", "Key"}
	if line, err := firstLine(f.file.Name()); err != nil {
		return err
	} else if strings.Count(line, ",") == 2 {
		fields = append(fields, "VersionId")
	}
	sum := hex.EncodeToString(f.sum.Sum(nil))
	data := object{
		"AccountId": "ACCOUNT", "ConfirmationRequired": true, "Priority": 10, "RoleArn": "arn:aws:iam::ACCOUNT:role/ROLE",
		"ClientRequestToken": "reseal-" + sum, "Description": "reseal, " + name,
		"Operation": operation,
		"Manifest": object{
			"Spec":     object{"Format": "S3BatchOperations_CSV_20180820", "Fields": fields},
			"Location": object{"ObjectArn": "arn:aws:s3:::MANIFEST-BUCKET/manifest-" + name + ".csv", "ETag": sum},
		},
		"Report": object{"Bucket": "arn:aws:s3:::REPORT-BUCKET", "Prefix": "reseal", "Format": "Report_CSV_20180820", "Enabled": true, "ReportScope": "AllTasks"},
	}
	out, err := os.OpenFile(filepath.Join(e.dir, "create-job-"+name+".json"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(writeJSON(out, data), out.Close())
}

func firstLine(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	return line, err
}
