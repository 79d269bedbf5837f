package selfcheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// FactsVersion is the version of the document that Facts is written as.
const FactsVersion = 1

// Facts are what a pass over the items found, for later plans.
type Facts struct {
	Version  int              `json:"version"`
	Program  string           `json:"program"`
	At       time.Time        `json:"at"`
	Endpoint string           `json:"endpoint"`
	Account  string           `json:"account,omitempty"`
	Region   string           `json:"region"`
	Bucket   string           `json:"bucket"`
	Key      string           `json:"key"`
	Requests map[string]int64 `json:"requests"` // by operation
	Findings []Finding        `json:"findings"`
}

// MaxFacts bounds a document that is read, in bytes.
const MaxFacts = 1 << 20

// Read reads a document that Write wrote. It may come from anywhere, so that
// what cannot be is an error.
func Read(in io.Reader) (*Facts, error) {
	data, err := io.ReadAll(io.LimitReader(in, MaxFacts+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFacts {
		return nil, fmt.Errorf("larger than %d bytes", MaxFacts)
	}
	f := new(Facts)
	if err := json.Unmarshal(data, f); err != nil {
		return nil, fmt.Errorf("not what selfcheck writes: %w", err)
	}
	if f.Version != FactsVersion {
		return nil, fmt.Errorf("version %d; this program reads version %d", f.Version, FactsVersion)
	}
	for _, one := range f.Findings {
		for name, v := range one.Figures {
			if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 && name != "clock_skew_s" {
				return nil, fmt.Errorf("%s: %s is %v", one.Number, name, v)
			}
		}
	}
	if f.Region == "" {
		return nil, errors.New("no Region: not what selfcheck writes")
	}
	return f, nil
}

// Write writes the document.
func (f *Facts) Write(out io.Writer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(f)
}

// Figure returns a measured figure by its name, and whether it was measured.
func (f *Facts) Figure(name string) (float64, bool) {
	for _, one := range f.Findings {
		if v, ok := one.Figures[name]; ok {
			return v, true
		}
	}
	return 0, false
}

// Differing are the beliefs that do not hold there.
func (f *Facts) Differing() (out []Finding) {
	for _, one := range f.Findings {
		if one.Standing == Differs {
			out = append(out, one)
		}
	}
	return out
}
