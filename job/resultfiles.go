package job

import (
	"fmt"

	"reseal/checkpoint"
	"reseal/inventory"
)

// mostNamed bounds the files of a result that are named one by one.
const mostNamed = 5

// changedFiles names the files in which the result of a query differs from the one that
// a job was made of. Where one of the two has no list of its files, none is named.
func changedFiles(have, now []inventory.ResultFile) (out []checkpoint.Difference) {
	if len(have) == 0 || len(now) == 0 {
		return nil
	}
	left := make(map[string]inventory.ResultFile, len(now))
	for _, f := range now {
		left[f.Name] = f
	}
	more := 0
	note := func(name, have, want string) {
		if len(out) == mostNamed {
			more++
			return
		}
		out = append(out, checkpoint.Difference{Name: fmt.Sprintf("file %.200q", name), Have: have, Want: want})
	}
	for _, f := range have {
		other, there := left[f.Name]
		delete(left, f.Name)
		switch {
		case !there:
			note(f.Name, contentWords(f), "absent")
		case other != f:
			note(f.Name, contentWords(f), contentWords(other))
		}
	}
	for _, f := range now {
		if _, added := left[f.Name]; added {
			note(f.Name, "absent", contentWords(f))
		}
	}
	if more > 0 {
		out = append(out, checkpoint.Difference{Name: fmt.Sprintf("each of %d more files", more), Have: "one thing", Want: "another"})
	}
	return out
}

// contentWords is the content of a file in a few words.
func contentWords(f inventory.ResultFile) string {
	return fmt.Sprintf("%d bytes (%.8q)", f.Size, f.Sum)
}
