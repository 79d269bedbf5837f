package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/report"
	"reseal/s3api"
)

// opened is the report that was found where the user pointed to.
type opened struct {
	report *inventory.Report
	uri    string // of what was read: a manifest or a list
	note   string // how it was found, "" where it was named
}

// findReport opens the report or list that location names: a manifest, the
// newest complete report below a folder, a list of objects, or the completion
// report of an S3 Batch Operations job. What it is, its content says.
func findReport(ctx context.Context, client *s3api.Client, location string, opts inventory.Options) (*opened, error) {
	at, err := inventory.ParseLocation(location)
	if err != nil {
		return nil, usagef("--manifest: %w", err)
	}
	src, name, err := sourceOf(client, at, opts.KeepDir)
	if err != nil {
		return nil, err
	}
	o := &opened{uri: at.String()}
	if name == "" || strings.HasSuffix(name, "/") {
		newest, err := inventory.Newest(ctx, src, name)
		if err != nil {
			return nil, err
		}
		name = newest.Name
		o.uri = below(at, name)
		o.note = fmt.Sprintf("the newest complete report is %s, %s old", o.uri, report.Duration(newest.Age(time.Now())))
	}
	if o.report, err = openAny(ctx, src, name, opts); err != nil {
		if errors.Is(err, fs.ErrNotExist) && path.Ext(name) == "" && !at.Local() {
			return nil, fmt.Errorf("%w; to take the newest report below a prefix, end it with a slash", err)
		}
		return nil, err
	}
	if k, keeps := src.(*keeper); keeps {
		if err := k.note(ctx, o.report); err != nil {
			return nil, err
		}
	}
	if m := o.report.Manifest(); m.SourceBucket == "" {
		if m.Format == inventory.BatchReport {
			return nil, fmt.Errorf("%s: no task of the job failed, so there is nothing to do", o.uri)
		}
		return nil, fmt.Errorf("%s: the list is empty", o.uri)
	}
	return o, nil
}

// sourceOf returns the place that a location is in, and the name there; a folder
// is "" or ends in a slash. Manifests in S3 are kept in keep, if it is not "".
func sourceOf(client *s3api.Client, at inventory.Location, keep string) (inventory.Source, string, error) {
	if !at.Local() {
		var src inventory.Source = client.Source(at.Bucket)
		if keep != "" {
			src = &keeper{Source: src, bucket: at.Bucket, dir: keep}
		}
		return src, at.Name, nil
	}
	if info, err := os.Stat(at.Name); err == nil && info.IsDir() || at.Folder() {
		local, err := inventory.NewLocal(at.Name)
		return local, "", err
	}
	return local(at.Name)
}

func local(file string) (inventory.Source, string, error) {
	src, name, err := inventory.LocalFile(file)
	return src, name, err
}

// below spells the location of a name in the place that at is in.
func below(at inventory.Location, name string) string {
	if at.Local() {
		return filepath.Join(at.Name, filepath.FromSlash(name))
	}
	return inventory.Location{Bucket: at.Bucket, Name: name}.String()
}

// openAny opens what is called name by what it begins with.
func openAny(ctx context.Context, src inventory.Source, name string, opts inventory.Options) (*inventory.Report, error) {
	head, err := beginning(ctx, src, name)
	switch {
	case err != nil:
		return nil, &inventory.ManifestError{Name: name, Err: fmt.Errorf("read: %w", err)}
	case bytes.HasPrefix(head, []byte("PAR1")), bytes.HasPrefix(head, []byte("ORC")):
		return nil, fmt.Errorf("%s is a data file of a report: %w", name, inventory.ErrNotManifest)
	case bytes.HasPrefix(head, []byte("{")), path.Ext(name) == ".json":
		rep, err := inventory.Open(ctx, src, name, opts)
		if errors.Is(err, inventory.ErrNotManifest) {
			batch, batchErr := inventory.OpenBatchReport(ctx, src, name, opts)
			if !errors.Is(batchErr, inventory.ErrNotManifest) {
				return batch, batchErr
			}
		}
		return rep, err
	case len(head) > 0 && path.Ext(name) != ".gz" && !strings.Contains(beforeBreak(string(head)), ","):
		// What the line is stays unsaid: a file that was named by mistake may hold secrets.
		return nil, fmt.Errorf("%s is neither the manifest.json of a report nor a list of objects, whose lines are bucket,key", name)
	}
	return inventory.OpenList(ctx, src, name, opts)
}

// beforeBreak is the first line of a text that may be cut off.
func beforeBreak(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// beginning returns the first bytes of an object, without white space before them.
func beginning(ctx context.Context, src inventory.Source, name string) ([]byte, error) {
	body, _, err := src.Open(ctx, name, 0, "")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return bytes.TrimLeft(bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf")), " \t\r\n"), nil
}

// of returns the selection with the report of the job that is gone on with, where
// the user names a folder: there may be a newer one in it by now.
func (s *selection) of(job *jobPlan) *selection {
	out := *s
	at, err := inventory.ParseLocation(s.manifest)
	if job == nil || err != nil {
		return &out
	}
	if info, err := os.Stat(at.Name); at.Folder() || at.Local() && err == nil && info.IsDir() {
		out.manifest = job.Manifest
	}
	return &out
}
