package console

import (
	"fmt"
	"io"

	"reseal/engine"
	"reseal/internal/terminal"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/plan"
	"reseal/report"
)

// ThisRun says what is special to a run that has ended, of the job that it left like s.
func ThisRun(messages io.Writer, out *migrate.Outcome, s *status.Status) {
	stats, took := out.Stats, out.Took
	say := func(format string, args ...any) {
		fmt.Fprint(messages, terminal.Wrapped("", fmt.Sprintf(format, args...)))
	}
	done := stats.Count(engine.Done)
	fmt.Fprintf(messages, "This run: %s done", report.Plural(done, "object"))
	if failed := stats.Count(engine.Failed); failed > 0 {
		fmt.Fprintf(messages, ", %s failed,", report.Count(failed))
	}
	fmt.Fprintf(messages, " in %s", report.Duration(took))
	if done > 0 && took > 0 {
		fmt.Fprintf(messages, " (%s)", report.Rate(float64(done)/took.Seconds()))
	}
	fmt.Fprintf(messages, ", %s sent again.\n", report.Plural(stats.Retries.Load(), "request"))
	if k := out.Status.KMS; k.Cap > 0 {
		held := out.History.KMSCaps.Since(out.Status.Started).Text() // that of the fullest second is one of them
		if held == "" {
			held = "cap " + report.Rate(k.Cap)
		}
		say("KMS: %s released in the fullest second, %s; throttled %s.",
			report.Plural(k.FullestSecond, "request"), held, report.Plural(k.Throttled, "time"))
	}
	if n := stats.Repeats.Load(); n > 0 {
		say("%s found done although no answer was recorded: recognised, not copied again.", report.Plural(n, "object"))
	}
	if n := stats.Unsure.Load(); n > 0 {
		say("%s under way when the run ended may have been re-encrypted all the same: the next run looks, and copies none twice.", report.Plural(n, "object"))
	}
	if left := s.Skipped[string(plan.Filtered)]; left > 0 && left == s.Settled {
		say("note: no row of the report passed the filters, so nothing was re-encrypted.")
	}
}
