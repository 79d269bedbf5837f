package options

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reseal/internal/cli"
	"reseal/inventory"
	"reseal/plan"
)

// StorageClasses are those that an object in a general purpose bucket can have.
func StorageClasses() []string {
	return []string{
		string(inventory.Standard), string(inventory.StandardIA), string(inventory.OneZoneIA), string(inventory.IntelligentTiering),
		string(inventory.GlacierIR), string(inventory.Glacier), string(inventory.DeepArchive), string(inventory.ReducedRedundancy),
	}
}

// classErrors refuses storage classes that no object has: a typo would select
// nothing, and look like a bucket with nothing to do.
func classErrors(classes []string) (errs []error) {
	for _, c := range classes {
		if !slices.Contains(StorageClasses(), c) {
			errs = append(errs, classError(c))
		}
	}
	return errs
}

// classError says that there is no such storage class, and which there are.
func classError(class string) error {
	all := StorageClasses()
	return fmt.Errorf("--storage-class %q: no such class; there are %s%s", class, strings.Join(all, ", "), cli.Meant(strings.ToUpper(class), all, ""))
}

// ageErrors reads the bounds of age, and says what is wrong with them.
func (s *Selection) ageErrors(o *plan.Options) (errs []error) {
	var err error
	if o.MinAge, o.Before, err = cli.ParseAge(s.OlderThan); err != nil {
		errs = append(errs, fmt.Errorf("--older-than %w", err))
	}
	if o.MaxAge, o.After, err = cli.ParseAge(s.NewerThan); err != nil {
		errs = append(errs, fmt.Errorf("--newer-than %w", err))
	}
	if o.MinAge > 0 && o.MaxAge > 0 && o.MinAge > o.MaxAge || !o.After.IsZero() && !o.Before.IsZero() && !o.After.Before(o.Before) {
		errs = append(errs, errors.New("--newer-than and --older-than exclude each other: nothing would be selected"))
	}
	return errs
}

// fromKeyErrors says what is wrong with --from-key. An alias is refused, as reports and
// objects name keys: what it leads to may change in the course of a job.
func fromKeyErrors(o *plan.Options) (errs []error) {
	for _, key := range o.FromKeys {
		switch {
		case key == "":
			errs = append(errs, errors.New(`--from-key "": want the ARN or id of a KMS key`))
		case strings.Contains(key, "alias/"):
			errs = append(errs, fmt.Errorf("--from-key %q is an alias: want the ARN or id of the key, as objects name it (aws kms describe-key --key-id ALIAS)", key))
		case o.Rekey && o.SSE == plan.TargetKMS && plan.SameKey(key, o.KMSKeyID):
			errs = append(errs, fmt.Errorf("--from-key %q is the key to re-encrypt under: nothing would change", key))
		}
	}
	if len(o.FromKeys) > 0 && !o.Rekey && o.SSE == plan.TargetKMS {
		errs = append(errs, errors.New("--from-key needs --rekey: without it objects under any KMS key are left alone"))
	}
	return errs
}

// Results say how the result of a query is read, or the table that manifest names.
func (s *Selection) Results(manifest string) inventory.Results {
	if s.Columns == "" && !inventory.NamesTable(manifest) {
		return inventory.Results{}
	}
	return inventory.Results{Columns: s.Columns, Bucket: s.OnlyBucket}
}

// resultErrors says what is wrong with --columns and --only-bucket.
func (s *Selection) resultErrors(manifest string) (errs []error) {
	table := inventory.NamesTable(manifest)
	switch {
	case s.Columns == "" && s.OnlyBucket != "" && !table:
		errs = append(errs, errors.New("--only-bucket needs --columns, or a table: a report names its bucket itself"))
	case s.Columns != "" && table:
		errs = append(errs, errors.New("--columns is for the results of queries: a table names its columns itself; leave it out"))
	case s.Columns != "":
		if err := s.Results(manifest).Check(); err != nil {
			errs = append(errs, fmt.Errorf("--columns %q: %w", s.Columns, err))
		}
	}
	if s.OnlyBucket != "" && !inventory.ValidBucket(s.OnlyBucket) {
		errs = append(errs, fmt.Errorf("--only-bucket %q: no bucket can have this name", s.OnlyBucket))
	}
	return errs
}
