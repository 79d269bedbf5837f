package ask

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"reseal/inventory"
	"reseal/partition"
	"reseal/plan"
	"reseal/s3api"
	"reseal/survey"
)

// actions are what lets operations be called (Amazon S3 User Guide,
// using-with-s3-policy-actions, read 2026-11-21).
var actions = map[string]string{
	"ListBuckets":                       "s3:ListAllMyBuckets",
	"HeadBucket":                        "s3:ListBucket",
	"GetBucketEncryption":               "s3:GetEncryptionConfiguration",
	"ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
	"GetBucketMetadataConfiguration":    "s3:GetBucketMetadataTableConfiguration",
	"GetBucketVersioning":               "s3:GetBucketVersioning",
	"GetObjectLockConfiguration":        "s3:GetBucketObjectLockConfiguration",
	"GetBucketReplication":              "s3:GetReplicationConfiguration",
	"GetBucketPolicy":                   "s3:GetBucketPolicy",
	"GetBucketOwnershipControls":        "s3:GetBucketOwnershipControls",
	"GetBucketRequestPayment":           "s3:GetBucketRequestPayment",
	"GetMetricData":                     "cloudwatch:GetMetricData",
	"AssumeRole":                        "sts:AssumeRole",
	"ListObjectsV2":                     "s3:ListBucket",
}

// Actions are what the policy of whoever asks has to allow: on everything, and on the
// buckets. Reports of inventories are listed by s3:ListBucket on their destination.
func Actions() (anywhere, onBuckets []string) {
	for _, action := range actions {
		switch action {
		case "s3:ListAllMyBuckets", "cloudwatch:GetMetricData":
			anywhere = append(anywhere, action)
		case "sts:AssumeRole":
		default:
			onBuckets = append(onBuckets, action)
		}
	}
	slices.Sort(anywhere)
	slices.Sort(onBuckets)
	return anywhere, slices.Compact(onBuckets)
}

// unread is a question that was not answered.
func unread(question, op string, err error) *survey.Unread {
	return &survey.Unread{Question: question, Operation: op, Action: actions[op], Denied: s3api.KindOf(err) == s3api.AccessDenied, Code: codeOf(err), Why: s3api.PlainText(err.Error()), Err: err}
}

// codeOf is what tells one kind of failure from another, whatever bucket and request it is of.
func codeOf(err error) string {
	var setup *s3api.SetupError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no-answer"
	case errors.As(err, &setup):
		return s3api.PlainText(cmp.Or(setup.Code, string(setup.Kind)))
	}
	return ""
}

// mostSilent is how many questions about a bucket may have no answer in time before no more
// are asked: a server that takes each for itself would hold the survey.
const mostSilent = 2

// bucket asks all questions about a bucket. there is a client of its Region.
func (a *Asker) bucket(ctx context.Context, there *s3api.Client, f *survey.Facts) {
	if f.Failed {
		return
	}
	all, silent := a.questions(there, f), 0
	for i, q := range all {
		err := q.ask(ctx)
		late := errors.Is(err, context.DeadlineExceeded)
		if late {
			silent++
		}
		switch {
		case err == nil:
		case ctx.Err() != nil, silent == mostSilent:
			a.leave(f, all, i, why(ctx, err))
			return
		case fatal(err) && !late:
			a.failed(f, q.words, q.op, err)
			return
		default:
			f.Unread = append(f.Unread, *unread(q.words, q.op, err))
		}
	}
	if f.Inventories == nil {
		return
	}
	for i := range *f.Inventories {
		a.newest(ctx, there, f, &(*f.Inventories)[i])
	}
}

// leave ends the questions about a bucket at the one with index i. What was answered stands.
func (a *Asker) leave(f *survey.Facts, all []question, i int, err error) {
	if len(f.Unread) == i { // none was answered
		f.Unread = nil
		a.failed(f, "the bucket", all[i].op, err)
		return
	}
	for _, q := range all[i:] {
		f.Unread = append(f.Unread, *unread(q.words, q.op, err))
	}
}

// fatal tells the answers that all other questions would get as well.
func fatal(err error) bool {
	switch s3api.KindOf(err) {
	case s3api.NoBucket, s3api.NoCredentials, s3api.BadCredential, s3api.Clock, s3api.Unreachable, s3api.UnknownHost, s3api.Proxy, s3api.Middlebox,
		s3api.NotTLS, s3api.OldTLS, s3api.OpenFiles, s3api.Certificate, s3api.WrongRegion:
		return true
	}
	return false
}

// question is one that is asked about each bucket.
type question struct {
	words, op string
	ask       func(context.Context) error
}

func (a *Asker) questions(c *s3api.Client, f *survey.Facts) []question {
	setting := func(words string, s s3api.Setting) question {
		return question{words, string(s), func(ctx context.Context) error { return c.ReadSetting(ctx, f.Name, s, &f.Settings) }}
	}
	return []question{
		{"default encryption", "GetBucketEncryption", func(ctx context.Context) error {
			d, err := c.BucketEncryption(ctx, f.Name)
			if err == nil {
				f.Encryption = &survey.Encryption{Algorithm: d.Algorithm, Key: d.KeyID, BucketKey: d.BucketKey, Blocked: d.Blocked}
			}
			return err
		}},
		{"inventories", "ListBucketInventoryConfigurations", func(ctx context.Context) error {
			all, err := c.Inventories(ctx, f.Name)
			if err == nil {
				f.Inventories = inventories(all, f.Name)
			}
			return err
		}},
		{"S3 Metadata", "GetBucketMetadataConfiguration", func(ctx context.Context) error {
			m, err := c.MetadataTables(ctx, f.Name)
			switch {
			case err == nil && m != nil:
				f.Metadata = &survey.Metadata{Configured: true, Inventory: m.Inventory, Journal: m.Journal}
			case err == nil:
				f.Metadata = &survey.Metadata{}
			}
			return err
		}},
		setting("versioning", s3api.VersioningSetting), setting("object lock", s3api.LockSetting),
		{"replication", "GetBucketReplication", func(ctx context.Context) error {
			_, rules, err := c.Replication(ctx, f.Name)
			if err != nil {
				return err
			}
			f.Replication, f.Settings.Replication = &survey.Replication{Rules: len(rules)}, plan.AnswerOf(len(rules) > 0)
			for _, r := range rules {
				if r.KMS {
					f.Replication.WithKMS++
				}
			}
			return nil
		}},
		{"bucket policy", "GetBucketPolicy", func(ctx context.Context) error {
			text, err := c.BucketPolicy(ctx, f.Name)
			if err == nil {
				f.Policy = &survey.Document{Text: text}
			}
			return err
		}},
		setting("ACLs", s3api.OwnershipSetting), setting("requester pays", s3api.PayerSetting),
	}
}

// inventories turns the configurations of a bucket into what a plan can use of them.
func inventories(all []s3api.InventoryConfig, bucket string) *[]survey.Inventory {
	out := make([]survey.Inventory, 0, len(all))
	for _, k := range all {
		i := survey.Inventory{ID: k.ID, Enabled: k.Enabled, Frequency: k.Frequency, Format: k.Format, AllVersions: k.AllVersions, Prefix: k.Prefix,
			Missing: inventory.UsefulColumns.Without(columnsOf(k.Fields)).Names()}
		if to, ok := bucketOf(k.Destination); ok {
			i.Location = "s3://" + to + "/" + bucket + "/" + k.ID + "/"
			if folder := strings.Trim(k.Folder, "/"); folder != "" {
				i.Location = "s3://" + to + "/" + folder + "/" + bucket + "/" + k.ID + "/"
			}
		}
		out = append(out, i)
	}
	return &out
}

// columnsOf are the columns that reports with these optional fields have.
func columnsOf(fields []string) (out inventory.Columns) {
	for _, name := range fields {
		if c, ok := inventory.ParseColumn(name); ok {
			out = out.With(c)
		}
	}
	return out
}

// bucketOf is the bucket that an ARN names.
func bucketOf(arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, partition.OfARN(arn).Bucket(""))
	return name, ok && name != ""
}

// newest looks for the newest report of an inventory. Its folders are named by their time,
// beside the folder of the data. So those of this month and the last are listed, which is two
// requests at most.
func (a *Asker) newest(ctx context.Context, c *s3api.Client, f *survey.Facts, k *survey.Inventory) {
	at, err := inventory.ParseLocation(k.Location)
	if k.Location == "" || !k.Enabled || err != nil {
		return
	}
	source := c.Source(at.Bucket)
	month := time.Date(a.o.Now.UTC().Year(), a.o.Now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	for _, m := range []time.Time{month, month.AddDate(0, -1, 0)} {
		found, err := source.List(ctx, at.Name+m.Format("2006-01"))
		if err != nil {
			u := unread("the reports of the inventory", "ListObjectsV2", why(ctx, err))
			u.About = k.ID
			f.Unread = append(f.Unread, *u)
			return
		}
		k.Looked = true
		for _, o := range found {
			if path.Base(o.Name) == "manifest.checksum" { // which S3 writes last
				if t, err := time.Parse("2006-01-02T15-04Z", path.Base(path.Dir(o.Name))); err == nil && t.After(k.Newest) {
					k.Newest = t
				}
			}
		}
		if !k.Newest.IsZero() {
			return
		}
	}
}
