package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// report is the file of results of one setup.
type report struct {
	Date     string                    `json:"date"`
	Machine  string                    `json:"machine"`
	Go       string                    `json:"go"`
	Versions map[string]string         `json:"versions"`
	Command  string                    `json:"command"`
	Setup    setup                     `json:"setup"`
	Tools    map[string][]sample       `json:"tools"`
	Lost     map[string]map[string]int `json:"lost"` // objects of those looked at, by what they lost
}

// write puts a report into a folder.
func (r *report) write(folder, name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	file := fmt.Sprintf("%s-%s-%s-%dms-%d.json", name, r.Date[:len("2026-11-21")], r.Setup.scheme(), r.Setup.Latency.Milliseconds(), r.Setup.InFlight)
	return os.WriteFile(filepath.Join(folder, file), append(text, '\n'), 0o644)
}

// print writes the table of medians, minima and maxima. Ratios are to the first tool.
func (r *report) print(w io.Writer, tools []tool) {
	fmt.Fprintf(w, "%s, %s, %s; %s, %d objects, %d in flight, latency %s\n\n", r.Date, r.Machine, r.Go, r.Setup.scheme(), r.Setup.Objects,
		r.Setup.InFlight, r.Setup.Latency)
	fmt.Fprintln(w, "| tool | CPU us/object | ratio | objects/s | well under way | requests/object | connections | peak MiB | allocations/object | lost, of re-encrypted |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|")
	cpu := func(s sample) float64 { return s.CPU }
	rate := func(s sample) float64 { return s.Rate }
	first := median(r.Tools[tools[0].name], cpu)
	for _, t := range tools {
		all := r.Tools[t.name]
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s | %.0f (%.0f-%.0f) | %.2f | %.0f (%.0f-%.0f) | %s | %.2f | %.0f | %.0f | %s | %s |\n", t.name,
			median(all, cpu), least(all, cpu), most(all, cpu), median(all, cpu)/first, median(all, rate), least(all, rate), most(all, rate), known(median(all, func(s sample) float64 { return s.Steady })),
			median(all, func(s sample) float64 { return s.Requests }), median(all, func(s sample) float64 { return float64(s.Connections) }),
			most(all, func(s sample) float64 { return s.Peak }), known(median(all, func(s sample) float64 { return s.Mallocs })), losses(r.Lost[t.name]))
	}
	fmt.Fprintln(w)
}

// known writes a figure, where it is one.
func known(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", v)
}

// losses puts what was lost into words.
func losses(lost map[string]int) string {
	var out []string
	for what, n := range lost {
		if what != "re-encrypted" {
			out = append(out, fmt.Sprintf("%s %d", what, n))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		out = []string{"nothing"}
	}
	return fmt.Sprintf("%s, of %d", strings.Join(out, ", "), lost["re-encrypted"])
}

func sorted(all []sample, of func(sample) float64) []float64 {
	var v []float64
	for _, s := range all {
		v = append(v, of(s))
	}
	slices.Sort(v)
	return v
}

func median(all []sample, of func(sample) float64) float64 {
	v := sorted(all, of)
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func least(all []sample, of func(sample) float64) float64 { return sorted(all, of)[0] }
func most(all []sample, of func(sample) float64) float64  { return sorted(all, of)[len(all)-1] }
