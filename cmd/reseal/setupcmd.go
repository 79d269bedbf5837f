package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reseal/inventory"
	"reseal/policy"
	"reseal/s3api"
)

// setupFlags is the command line of inventory setup.
type setupFlags struct {
	connection
	bucket      string
	destination string
	destOwner   string
	format      string
	schedule    string
	versions    string
	prefix      string
	id          string
	kmsKey      string
	apply       bool
	replace     bool
	output      output
}

// setupID is the id of the inventory configuration that setup writes, where none is named.
const setupID = "reseal"

const setupLong = `setup lets S3 take an inventory of a bucket, with every column that plan and run can
use, and lets S3 write it to its destination.

  reseal inventory setup --bucket media --destination s3://reports/media
  reseal inventory setup --bucket media --destination s3://reports/media --apply

Without --apply it only shows: on stdout, as JSON, the inventory configuration as the
AWS CLI takes it and the statement that the destination's bucket policy needs; on
stderr what of it is not there yet. Other statements of that policy stay as they are.
A configuration of the same id that says something else is left alone without --replace.

The first report comes up to 48 hours later.`

func newSetupCommand(p process) *cobra.Command {
	f := &setupFlags{}
	cmd := &cobra.Command{
		Use:   "setup --bucket NAME --destination s3://BUCKET/PREFIX",
		Short: "Let S3 make inventory reports of a bucket, with all useful columns",
		Long:  setupLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.setup(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket to take the inventory of")
	fs.StringVar(&f.destination, "destination", "", "s3://bucket/prefix that reports go to, in the same Region")
	fs.StringVar(&f.destOwner, "destination-account", "", "`account` that owns the destination (default: the one of the bucket)")
	fs.StringVar(&f.format, "format", string(inventory.Parquet), "CSV, ORC or Parquet; Parquet and ORC are smaller and faster to read")
	fs.StringVar(&f.schedule, "schedule", "daily", "daily or weekly")
	fs.StringVar(&f.versions, "versions", "current", "current, or all: noncurrent versions and delete markers, too")
	fs.StringVar(&f.prefix, "prefix", "", "only keys with this prefix")
	fs.StringVar(&f.id, "id", setupID, "`name` of the configuration")
	fs.StringVar(&f.kmsKey, "sse-kms-key-id", "", "customer managed `key`, as an ARN, to put the reports under (default: SSE-S3)")
	fs.BoolVar(&f.apply, "apply", false, "make the change")
	fs.BoolVar(&f.replace, "replace", false, "replace a configuration of the same id that says something else")
	fs.BoolVarP(&f.output.quiet, "quiet", "q", false, "print nothing but results and errors")
	return cmd
}

func (f *setupFlags) check() error {
	oneOf := func(flag, value string, allowed ...string) error {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, value) }) {
			return usagef("--%s %q: want %s", flag, value, strings.Join(allowed, ", "))
		}
		return nil
	}
	switch {
	case f.bucket == "":
		return usagef("--bucket is needed: the bucket to take the inventory of")
	case f.destination == "":
		return usagef("--destination is needed: s3://bucket/prefix for the reports")
	case !validID(f.id):
		return usagef("--id %q: want 1 to 64 letters, digits, dots, dashes or underscores", f.id)
	case f.kmsKey != "" && !strings.HasPrefix(f.kmsKey, "arn:"):
		return usagef("--sse-kms-key-id %q: S3 Inventory wants the ARN of a customer managed key", f.kmsKey)
	}
	return errors.Join(oneOf("format", f.format, "CSV", "ORC", "Parquet"), oneOf("schedule", f.schedule, "daily", "weekly"),
		oneOf("versions", f.versions, "current", "all"))
}

// setting is what is to be there, and what is there.
type setting struct {
	Bucket    string                `json:"Bucket"`
	Inventory *s3api.InventorySetup `json:"InventoryConfiguration"`
	Statement *statement            `json:"DestinationPolicyStatement"`
	KeyPolicy *statement            `json:"KeyPolicyStatement,omitempty"`

	there       *s3api.InventorySetup
	destination string
	policy      []byte // of the destination
	wanted      []byte
}

// statement is one statement of a policy, for S3 itself.
type statement struct {
	Sid       string
	Effect    string
	Principal map[string]string
	Action    string
	Resource  string
	Condition map[string]map[string]string
}

func (f *setupFlags) setup(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	to, err := s3Location("destination", f.destination)
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.client(ctx, 4)
	if err != nil {
		return err
	}
	if client, err = client.ForBucket(ctx, f.bucket); err != nil {
		return &refusedError{err}
	}
	s, err := f.wanted(ctx, client, to)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	depot, err := client.Foreign(ctx, to.Bucket, f.destOwner)
	if err != nil {
		return &refusedError{err}
	}
	if depot.Region() != client.Region() {
		return &refusedError{fmt.Errorf("%s is in %s, and S3 delivers the reports of a bucket only within its Region, %s", to.Bucket, depot.Region(), client.Region())}
	}
	talk := f.output.talk(p)
	if err := s.compare(ctx, client, depot); err != nil {
		if f.apply {
			return &refusedError{fmt.Errorf("nothing was changed: %w", err)}
		}
		fmt.Fprintf(talk, "note: what is there could not be read: %v\n", err)
		return nil
	}
	configured, allowed := s.configured(), bytes.Equal(s.policy, s.wanted)
	if configured && allowed {
		fmt.Fprintf(talk, "Nothing to do: all of it is there already.\n")
		return nil
	}
	s.diff(talk, configured, allowed)
	if s.there != nil && !configured && !f.replace {
		return &refusedError{fmt.Errorf("%s has an inventory configuration %q that says something else; --replace overwrites it, --id names another", f.bucket, f.id)}
	}
	if !f.apply {
		fmt.Fprintln(talk, "Nothing was changed; --apply makes the change.")
		return nil
	}
	return s.apply(ctx, client, depot, talk, configured, allowed)
}

// wanted is what the user asks for.
func (f *setupFlags) wanted(ctx context.Context, client *s3api.Client, to inventory.Location) (*setting, error) {
	account := client.Owner()
	if account == "" {
		id, err := client.Identity(ctx)
		if err != nil {
			return nil, fmt.Errorf("find out the bucket's account, which --expected-bucket-owner can name: %w", err)
		}
		account = id.Account
	}
	arn := "arn:" + partitionIn(client.Region()) + ":s3:::"
	k := &s3api.InventorySetup{ID: f.id, IsEnabled: true, IncludedObjectVersions: "Current"}
	if strings.EqualFold(f.versions, "all") {
		k.IncludedObjectVersions = "All"
	}
	k.Schedule.Frequency = "Daily"
	if strings.EqualFold(f.schedule, "weekly") {
		k.Schedule.Frequency = "Weekly"
	}
	if f.prefix != "" {
		k.Filter = &s3api.InventoryFilter{Prefix: f.prefix}
	}
	prefix := strings.Trim(to.Name, "/")
	d := &k.Destination.S3BucketDestination
	d.AccountID, d.Bucket, d.Prefix = f.destOwner, arn+to.Bucket, prefix
	if d.AccountID == "" {
		d.AccountID = account
	}
	for _, format := range []string{"CSV", "ORC", "Parquet"} {
		if strings.EqualFold(f.format, format) {
			d.Format = format
		}
	}
	d.Encryption = &s3api.InventoryEncryption{SSES3: &struct{}{}}
	if f.kmsKey != "" {
		d.Encryption = s3api.Under(f.kmsKey)
	}
	k.OptionalFields = optionalColumns()

	resource := arn + to.Bucket + "/*"
	if prefix != "" {
		resource = arn + to.Bucket + "/" + prefix + "/*"
	}
	service := map[string]string{"Service": "s3.amazonaws.com"}
	sum := sha256.Sum256([]byte(f.bucket + "\x00" + resource))
	sid := "InventoryOf" + letterDigits(f.bucket) + hex.EncodeToString(sum[:4])
	s := &setting{Bucket: f.bucket, Inventory: k, destination: to.Bucket, Statement: &statement{Sid: sid, Effect: "Allow", Principal: service,
		Action: "s3:PutObject", Resource: resource, Condition: map[string]map[string]string{
			"ArnLike":      {"aws:SourceArn": arn + f.bucket},
			"StringEquals": {"aws:SourceAccount": account, "s3:x-amz-acl": "bucket-owner-full-control"},
		}}}
	if f.kmsKey != "" {
		s.KeyPolicy = &statement{Sid: sid, Effect: "Allow", Principal: service, Action: "kms:GenerateDataKey", Resource: "*",
			Condition: map[string]map[string]string{"ArnLike": {"aws:SourceArn": arn + f.bucket}, "StringEquals": {"aws:SourceAccount": account}}}
	}
	return s, nil
}

// optionalColumns are the columns that plan, fidelity or cost can use, of those
// that an inventory has only if it is told to (Amazon S3 API Reference,
// PutBucketInventoryConfiguration, read 2026-11-21).
func optionalColumns() []string {
	always := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColVersionID, inventory.ColIsLatest, inventory.ColIsDeleteMarker)
	return inventory.AllColumns.Without(always).Names()
}

// partitionIn is the partition that a Region belongs to, as ARNs spell it.
func partitionIn(region string) string {
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eusc-": "aws-eusc"} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}

// letterDigits keeps of s what a Sid may hold.
func letterDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, s)
}

// compare reads what is there, and puts the statement into the policy.
func (s *setting) compare(ctx context.Context, client, depot *s3api.Client) error {
	var err error
	if s.there, err = client.InventorySetup(ctx, s.Bucket, s.Inventory.ID); err != nil {
		return err
	}
	if s.policy, err = depot.BucketPolicy(ctx, s.destination); err != nil {
		return err
	}
	if s.wanted = s.policy; granted(s.policy, s.Statement) {
		return nil
	}
	text, err := json.Marshal(s.Statement)
	if err != nil {
		return fmt.Errorf("write statement: %w", err)
	}
	if s.wanted, err = policy.Merge(s.policy, []json.RawMessage{text}, nil); err != nil {
		return fmt.Errorf("the policy of %s: %w", s.destination, err)
	}
	return nil
}

// granted tells whether a policy has the statement, in whatever spelling and
// under whatever Sid.
func granted(doc []byte, want *statement) bool {
	members, err := policy.Members(doc)
	if err != nil {
		return false
	}
	text, err := json.Marshal(want)
	if err != nil {
		return false
	}
	for _, m := range members {
		if m.Name != "Statement" {
			continue
		}
		statements, _ := policy.Elements(m.Value)
		if slices.ContainsFunc(statements, func(s json.RawMessage) bool { return reflect.DeepEqual(plain(s), plain(text)) }) {
			return true
		}
	}
	return false
}

// plain is a statement without its Sid, lists of one as what they hold.
func plain(text []byte) any {
	var v map[string]any
	if json.Unmarshal(text, &v) != nil {
		return nil
	}
	delete(v, "Sid")
	return unlisted(v)
}

func unlisted(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 1 {
			return unlisted(v[0])
		}
	case map[string]any:
		for k, e := range v {
			v[k] = unlisted(e)
		}
	}
	return v
}

// configured tells whether the inventory is there as wanted; the order of its
// columns does not matter.
func (s *setting) configured() bool {
	return s.there != nil && sortedText(s.there) == sortedText(s.Inventory)
}

func sortedText(k *s3api.InventorySetup) string {
	if k == nil {
		return ""
	}
	sorted := *k
	sorted.OptionalFields = slices.Sorted(slices.Values(k.OptionalFields))
	text, err := json.Marshal(sorted)
	if err != nil {
		return err.Error()
	}
	return indent(text)
}

func (s *setting) diff(w io.Writer, configured, allowed bool) {
	if !configured {
		fmt.Fprintf(w, "inventory configuration %s of %s\n", s.Inventory.ID, s.Bucket)
		writeDiff(w, sortedText(s.there), sortedText(s.Inventory))
	}
	if !allowed {
		fmt.Fprintf(w, "policy of %s\n", s.destination)
		writeDiff(w, indent(s.policy), indent(s.wanted))
	}
}

// apply makes the change, the permission first: S3 may try it out.
func (s *setting) apply(ctx context.Context, client, depot *s3api.Client, talk io.Writer, configured, allowed bool) error {
	if !allowed {
		now, err := depot.BucketPolicy(ctx, s.destination)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, s.policy) {
			return &refusedError{fmt.Errorf("nothing was changed: somebody else changed the policy of %s meanwhile", s.destination)}
		}
		if err := depot.SetBucketPolicy(ctx, s.destination, s.wanted); err != nil {
			return fmt.Errorf("nothing was changed: %w", err)
		}
	}
	if !configured {
		if err := client.SetInventory(ctx, s.Bucket, s.Inventory); err != nil {
			return fmt.Errorf("the policy of %s is as wanted, the inventory is not set up: %w", s.destination, err)
		}
		there, err := client.InventorySetup(ctx, s.Bucket, s.Inventory.ID)
		if err != nil {
			return fmt.Errorf("the inventory was set up, but could not be read back: %w", err)
		}
		if sortedText(there) != sortedText(s.Inventory) {
			return errors.New("the inventory was set up, but reads back as something else")
		}
	}
	fmt.Fprintf(talk, "Done. The first report comes up to 48 hours from now; until then: reseal inventory snapshot --bucket %s\n", s.Bucket)
	if s.KeyPolicy != nil {
		fmt.Fprintln(talk, "note: the policy of the key needs the statement shown as KeyPolicyStatement; reseal does not change key policies.")
	}
	return nil
}
