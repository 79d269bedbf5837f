package console

import (
	"context"
	"log/slog"

	"reseal/control"
	"reseal/cost"
)

// log writes into the log what the bar shows.
func (p *Progress) log(m *control.Meter, st *control.Status) {
	if p.Log == nil {
		return
	}
	handled := p.Handled()
	attrs := append(make([]slog.Attr, 0, 24),
		slog.Int64("settled", p.Earlier+handled), slog.Int64("total", p.Total), slog.Int64("done", st.Done), slog.Int64("failed", st.Failed),
		slog.Int64("skipped", st.Skipped), slog.Int64("deferred", st.Deferred), slog.Int64("in_flight", st.InFlight), slog.Int64("bytes", st.Bytes),
		slog.Float64("objects_per_second", m.Rate()), slog.Int64("requests", st.Requests), slog.Int64("retries", st.Retries),
		slog.Int64("kms_last_second", st.KMS.LastSecond), slog.Float64("kms_cap", st.KMS.Cap), slog.Int64("throttled", st.KMS.Throttled+st.Writes.Throttled+st.Reads.Throttled),
		slog.String("bound_by", string(st.Binding.Limit)), slog.String("why", st.Binding.String()), slog.Time("since", st.Binding.Since),
		slog.Bool("paused", len(st.Paused) > 0), slog.Bool("draining", st.Draining))
	if money, ok := p.Spent(); ok {
		attrs = append(attrs, slog.Float64("spent_usd", dollars(money)))
	}
	if left := p.Total - p.Earlier - handled; p.Total > 0 && left > 0 && !st.Waiting() && !st.Draining {
		if shortest, longest, ok := p.Forecast.Remaining(left, p.Total, m); ok {
			attrs = append(attrs, slog.Float64("left_shortest_s", shortest.Seconds()), slog.Float64("left_longest_s", longest.Seconds()))
		}
	}
	p.Log.LogAttrs(context.Background(), slog.LevelInfo, "status", attrs...)
}

// dollars is an amount as a number of US dollars.
func dollars(m cost.Money) float64 { return float64(m) / 1e9 } // of billionths
