package generations

import (
	"context"
	"fmt"
	"slices"

	"reseal/checkpoint"
)

// lost says what of the chain or of its folders is missing, nil where nothing is. The
// chain is written before each folder is made, so no crash leaves one without the other.
func (c *Chain) lost(ctx context.Context, store checkpoint.Reader) (*LostError, error) {
	folders, err := store.Folders(ctx, Folder)
	if err != nil {
		return nil, err
	}
	if len(c.Generations) == 0 {
		listings, err := store.Folders(ctx, Listings)
		if err != nil {
			return nil, err
		}
		switch {
		case len(folders) > 0:
			return lostf("%s is missing or empty in the job %v, which has later generations in %s/", File, store, Folder), nil
		case len(listings) > 0:
			return lostf("%s is missing or empty in the job %v, which has listings of later generations in %s/", File, store, Listings), nil
		}
		return nil, nil
	}
	for i := range c.Generations {
		g := &c.Generations[i]
		name := fmt.Sprintf("%06d", g.Number)
		there := slices.Contains(folders, name)
		folders = slices.DeleteFunc(folders, func(f string) bool { return f == name })
		switch {
		case g.HasJob() && !there:
			return lostf("the folder %s/%s is missing in the job %v, and %s has that generation", Folder, name, store, File), nil
		case !g.HasJob() && there && g.Over():
			return lostf("the job %v has a folder %s/%s, and by %s that generation had nothing to do", store, Folder, name, File), nil
		}
	}
	for _, name := range folders {
		if isNumber(name) {
			return lostf("the job %v has a folder %s/%s, and %s does not have that generation", store, Folder, name, File), nil
		}
	}
	return nil, nil
}

// isNumber tells whether a folder has the name of one of a generation.
func isNumber(name string) bool {
	for _, r := range name {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(name) >= 6
}

func lostf(format string, args ...any) *LostError { return &LostError{fmt.Sprintf(format, args...)} }
