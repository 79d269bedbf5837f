package known

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// format is the version of the file that this program writes.
const format = 1

// The bounds of the file. What this program writes stays within them.
const (
	mostJobs   = 1000 // those that were seen last are kept
	mostValues = 16   // addresses, or accounts, of one job: the last ones named
	mostBytes  = 4 << 20
	mostPlace  = 2 << 10 // bytes of a place
)

// contents is what the file holds.
type contents struct {
	Version int      `json:"version"`
	Jobs    []record `json:"jobs"`
}

// record is what is known of one job.
type record struct {
	Place string `json:"place"`
	Pin
	Endpoints []string  `json:"endpoints"`
	Owners    []string  `json:"owners"`
	First     time.Time `json:"first_seen"`
	Last      time.Time `json:"last_seen"`
}

// decode reads the file's text. Every error is a reason not to believe it.
func decode(data []byte) (*contents, error) {
	var c contents
	if len(bytes.TrimSpace(data)) == 0 {
		return &c, nil // as mktemp makes it; who can empty the file can take it away
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("is no list of jobs: %w", err)
	}
	if c.Version > format {
		return nil, fmt.Errorf("has format %d, and this program knows formats up to %d: use the newer reseal that wrote it", c.Version, format)
	}
	if c.Version < 1 {
		return nil, fmt.Errorf("is no list of jobs: it has no version")
	}
	seen := map[string]bool{}
	for _, r := range c.Jobs {
		if r.Place == "" || r.Plan == "" || r.Bucket == "" {
			return nil, fmt.Errorf("has a job without place, plan or bucket")
		}
		if seen[r.Place] {
			return nil, fmt.Errorf("has the job %s twice", r.Place)
		}
		seen[r.Place] = true
	}
	return &c, nil
}

// encode returns the file's text, without the jobs for which there is no room: those
// that were not seen for the longest time.
func (c *contents) encode() ([]byte, error) {
	c.Version = format
	slices.SortStableFunc(c.Jobs, func(a, b record) int { return b.Last.Compare(a.Last) })
	c.Jobs = c.Jobs[:min(len(c.Jobs), mostJobs)]
	for {
		data, err := json.MarshalIndent(c, "", "  ")
		if err != nil || len(data) < mostBytes {
			return append(data, '\n'), err
		}
		c.Jobs = c.Jobs[:len(c.Jobs)/2]
	}
}

// meet compares a job with its record, and brings that up to date. changed says that
// there is something to write.
func (c *contents) meet(j *Job, now time.Time) (met Met, changed bool, err error) {
	at := slices.IndexFunc(c.Jobs, func(r record) bool { return r.Place == j.Place })
	if at < 0 {
		if len(j.Place) > mostPlace {
			return Met{New: true, First: now}, false, fmt.Errorf("its name is longer than %d bytes", mostPlace)
		}
		c.Jobs = append(c.Jobs, record{Place: j.Place, Pin: j.Pin, Endpoints: []string{j.Endpoint.Value}, Owners: []string{j.Owner.Value}, First: now, Last: now})
		return Met{New: true, First: now}, true, nil
	}
	r := &c.Jobs[at]
	if all := r.differences(j); len(all) > 0 {
		return Met{}, false, &DifferentError{Name: j.Name, Place: j.Place, First: r.First, Differences: all}
	}
	changed = now.Sub(r.Last) >= seenEvery
	for _, v := range []struct {
		of  *[]string
		now string
	}{{&r.Endpoints, j.Endpoint.Value}, {&r.Owners, j.Owner.Value}} {
		if !slices.Contains(*v.of, v.now) { // named by the user
			*v.of = append(*v.of, v.now)
			*v.of = (*v.of)[max(0, len(*v.of)-mostValues):]
			changed = true
		}
	}
	r.Last = now
	return Met{First: r.First}, changed, nil
}

// forget takes a job out, and tells whether it was there.
func (c *contents) forget(place string) bool {
	before := len(c.Jobs)
	c.Jobs = slices.DeleteFunc(c.Jobs, func(r record) bool { return r.Place == place })
	return len(c.Jobs) < before
}
