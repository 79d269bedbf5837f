package options

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/inventory"
	"reseal/plan"
)

// Stated is a bucket that is only stated on the command line, not listed.
type Stated struct {
	Objects int64
	Size    string // of an object
}

// Bind adds the flags that state a bucket.
func (s *Stated) Bind(f *pflag.FlagSet) {
	f.Int64Var(&s.Objects, "objects", 0, "price a bucket of this many objects instead of a report's")
	f.StringVar(&s.Size, "object-size", "", "mean size of these objects, e.g. 1GB")
}

// Asked tells whether a bucket is stated.
func (s *Stated) Asked() bool { return s.Objects != 0 || s.Size != "" }

// mostObjects bounds what can be stated: more than S3 has in a bucket of today.
const mostObjects = 10_000_000_000_000

// Bytes reads the size of an object, with the number of objects checked.
func (s *Stated) Bytes() (int64, error) {
	if s.Objects < 0 || s.Objects > mostObjects {
		return 0, cli.Usagef("--objects %d: want 0 to %d", s.Objects, int64(mostObjects))
	}
	if s.Size == "" {
		return 0, cli.Usagef("--object-size is needed: the mean size of an object, e.g. 1GB")
	}
	size, err := cli.ParseSize(s.Size)
	if err != nil || size > plan.MaxObjectSize {
		return 0, cli.Usagef("--object-size %q: want a size up to 50TB", s.Size)
	}
	return size, nil
}

// OneClass is the storage class of a stated bucket, by --storage-class.
func OneClass(classes []string) (inventory.StorageClass, error) {
	switch {
	case len(classes) == 0:
		return inventory.Standard, nil
	case len(classes) > 1:
		return "", cli.Usagef("--storage-class: a stated bucket has one")
	case !slices.Contains(StorageClasses(), classes[0]):
		return "", &cli.UsageError{Err: classError(classes[0])}
	}
	return inventory.StorageClass(classes[0]), nil
}

// PricedRegion refuses a Region without prices, with what can be done about it.
func PricedRegion(prices cost.Prices, region string) error {
	if _, ok := prices.Region(region); ok {
		return nil
	}
	why := "no price is known there; there are prices for " + strings.Join(prices.Names(), ", ") + ", and --prices FILE can name others"
	switch {
	case region == "":
		why = "a Region is needed for prices, e.g. --region eu-west-2"
	case strings.HasPrefix(region, "cn-"):
		why = "Regions of China are billed in yuan, and no price is known; --prices FILE can name prices in USD"
	}
	return cli.Usagef("--region %q: %s", region, why)
}
