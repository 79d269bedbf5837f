package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"reseal/inventory"
)

// bindResults adds the flags that say how the result of a query is read.
func bindResults(f *pflag.FlagSet, columns, bucket *string) {
	f.StringVar(columns, "columns", "", "--manifest is the result of a query (Athena, Spark, DuckDB), a folder of Parquet, ORC or CSV without a manifest: auto takes its columns by their names, bucket,key,size those of CSV without a header")
	f.StringVar(bucket, "only-bucket", "", "with --columns: only rows of this bucket")
}

// results say how the result of a query is read.
func (s *selection) results() inventory.Results {
	if s.columns == "" {
		return inventory.Results{}
	}
	return inventory.Results{Columns: s.columns, Bucket: s.onlyBucket}
}

// resultErrors says what is wrong with --columns and --only-bucket.
func (s *selection) resultErrors() (errs []error) {
	if s.columns == "" {
		if s.onlyBucket != "" {
			errs = append(errs, errors.New("--only-bucket needs --columns: a report names its bucket itself"))
		}
		return errs
	}
	if err := s.results().Check(); err != nil {
		errs = append(errs, fmt.Errorf("--columns %q: %w", s.columns, err))
	}
	if s.onlyBucket != "" && !inventory.ValidBucket(s.onlyBucket) {
		errs = append(errs, fmt.Errorf("--only-bucket %q: no bucket can have this name", s.onlyBucket))
	}
	return errs
}
