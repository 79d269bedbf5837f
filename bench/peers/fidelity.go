package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// watched is how many objects are looked at before and after.
const watched = 300

// fidelity has each tool re-encrypt objects of all kinds on the simulator, which
// checks every signature, and returns what each lost.
func fidelity(tools []tool, k kit) (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	for _, t := range tools {
		got, err := t.faithful(k)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		out[t.name] = got
	}
	return out, nil
}

// faithful runs one tool and compares.
func (t *tool) faithful(k kit) (map[string]int, error) {
	folder, err := os.MkdirTemp("", "faithful")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	s, err := simulate(k.reseal, "--tls", "--objects", strconv.Itoa(watched))
	if err != nil {
		return nil, err
	}
	defer s.stop()
	keys, err := s.list()
	if err != nil {
		return nil, err
	}
	before, err := s.looks(keys)
	if err != nil {
		return nil, err
	}
	if err := s.writeJob(filepath.Join(folder, "loop.json"), keys, 16); err != nil {
		return nil, err
	}
	_, copiesBefore, err := s.calls()
	if err != nil {
		return nil, err
	}
	args := pinned(1, t.command(s, folder, 16)...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = s.environ(), folder
	said, runErr := cmd.CombinedOutput() // objects of classes that cannot be read fail, with every tool
	_, copies, err := s.calls()
	if err != nil {
		return nil, err
	}
	if copies == copiesBefore {
		return nil, fmt.Errorf("no copy worked: %v\n%s", runErr, said[:min(len(said), 2000)])
	}
	after, err := s.looks(keys)
	if err != nil {
		return nil, err
	}
	return lost(before, after), nil
}

// lost counts what re-encrypted objects lost.
func lost(before, after []http.Header) map[string]int {
	out := map[string]int{"re-encrypted": 0}
	for i := range before {
		if before[i].Get("X-Amz-Version-Id") == after[i].Get("X-Amz-Version-Id") && before[i].Get("Last-Modified") == after[i].Get("Last-Modified") &&
			before[i].Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") == after[i].Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") {
			continue
		}
		out["re-encrypted"]++
		seen := map[string]bool{}
		for name, values := range before[i] {
			what := map[string]string{"Content-Type": "content type", "Cache-Control": "cache control", "Content-Encoding": "encoding",
				"Content-Disposition": "disposition", "Content-Language": "language", "X-Amz-Storage-Class": "storage class",
				"X-Amz-Tagging-Count": "tags", "X-Amz-Website-Redirect-Location": "redirect", "Expires": "expires"}[name]
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				what = "user metadata"
			}
			if what != "" && !slices.Equal(values, after[i][name]) && !seen[what] {
				seen[what] = true
				out[what]++
			}
		}
	}
	return out
}
