package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/options"
	"reseal/job"
)

// A run by the job alone names each limit that the job remembers, and one that is
// given anew in place of it. What is taken away is no limit.
func TestLimitsInForce(t *testing.T) {
	t.Parallel()
	told := job.Told{"max-duration": {"1.5s"}, "max-cost": {"5"}, "max-failures": {"50%"}, "window": {"22:00-06:00"}, "window-exit": {"true"}}
	all := []string{"--max-duration 1.5s", "--max-cost 5", "--max-failures 50%", "--window 22:00-06:00", "--window-exit true"}
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"remembered", nil, all},
		{"of this run alone", []string{"--limit", "7"}, append(all[:5:5], "--limit 7")},
		{"given anew", []string{"--max-duration", "2h"}, append([]string{"--max-duration 2h0m0s"}, all[1:]...)},
		{"taken away", []string{"--max-cost", "", "--max-duration", "0"}, all[2:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, cmd := &runFlags{}, new(cobra.Command)
			f.pace.bind(cmd)
			f.pricing.bind(cmd)
			f.limits.bind(cmd)
			f.oversight.bind(cmd)
			if err := cmd.ParseFlags(tt.args); err != nil {
				t.Fatal(err)
			}
			if err := options.Recall(cmd.Flags(), told); err != nil {
				t.Fatal(err)
			}
			f.held = options.Given(cmd.Flags())
			var said strings.Builder
			console.Limits(&said, f.held, f.divided(), f.objects)
			want := ""
			for _, limit := range tt.want {
				want += "limit in force: " + limit + "\n"
			}
			if said.String() != want {
				t.Errorf("it says\n%swant\n%s", &said, want)
			}
		})
	}
}
