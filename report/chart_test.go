package report

import (
	"strings"
	"testing"
	"time"
)

// A chart draws the cap that held then, not the one that held last.
func TestChartDrawsCapsInSteps(t *testing.T) {
	steps := chart("KMS", []values{{"kms", "", []float64{150, 159, 30, 30}}}, []float64{200, 200, 60, 60}, "cap 60/s", nil, nil)
	if want := "M0 0H250H500V70H750H1000"; steps.CapPath != want || !strings.HasSuffix(steps.Caption, "; cap 60/s (dashed)") {
		t.Errorf("cap path %q, want %q; caption %q", steps.CapPath, want, steps.Caption)
	}
	if gap := chart("KMS", []values{{"kms", "", []float64{5, 5, 5}}}, []float64{5, 0, 5}, "cap 5/s", nil, nil); strings.Count(gap.CapPath, "M") != 2 {
		t.Errorf("cap path %q, want a gap where no cap is known", gap.CapPath)
	}
}

// A cap far above what was sent does not press the curve flat.
func TestChartHasAScaleOfItsOwn(t *testing.T) {
	c := chart("KMS", []values{{"kms", "", []float64{900, 1000}}}, []float64{50_000, 50_000}, "cap 50,000/s", nil, nil)
	if c.CapPath != "" || c.Caption != "mean 950/s, peak 1,000/s; cap 50,000/s: up to 50 times the peak, above this chart" {
		t.Errorf("cap path %q, caption %q", c.CapPath, c.Caption)
	}
	if c.Curves[0].Edge != "M0 10H500V0H1000" {
		t.Errorf("curve %q", c.Curves[0].Edge)
	}
	var ticks []string
	for _, tick := range c.Ticks {
		ticks = append(ticks, tick.Text)
	}
	if got := strings.Join(ticks, " "); got != "1,000 750 500 250 0" {
		t.Errorf("ticks %s", got)
	}
}

func TestScale(t *testing.T) {
	for _, tt := range []struct {
		top   float64
		end   float64
		ticks string
	}{
		{0, 1, "1 0.75 0.5 0.25 0"}, {0.003, 0.003, "0.003 0.002 0.001 0"}, {4.43, 5, "5 4 3 2 1 0"}, {10, 10, "10 7.5 5 2.5 0"},
		{1234, 1500, "1,500 1,000 500 0"}, {7e9, 8e9, "8,000,000,000 6,000,000,000 4,000,000,000 2,000,000,000 0"},
	} {
		end, ticks := scale(tt.top)
		var texts []string
		for i, tick := range ticks {
			texts = append(texts, tick.Text)
			if want := round(100 * float64(i) / float64(len(ticks)-1)); tick.Y != want {
				t.Errorf("top %g: tick %d at %g, want %g", tt.top, i, tick.Y, want)
			}
		}
		if got := strings.Join(texts, " "); got != tt.ticks || end < tt.end*0.999 || end > tt.end*1.001 {
			t.Errorf("top %g: to %g with %s, want %g with %s", tt.top, end, got, tt.end, tt.ticks)
		}
	}
}

// What interrupted a job is marked where it was, in order: starts, what somebody told
// it, ends, and the end that nobody recorded.
func TestMarks(t *testing.T) {
	v := sampleRun()
	tl := v.Summary.Timeline()
	from, to := tl.Start(), tl.Start().Add(time.Duration(len(tl.Slots()))*tl.Width())
	var got []string
	marks := v.marks(from, to)
	for i, m := range marks {
		got = append(got, m.Class)
		if m.N != i+1 || m.X < 0 || m.X > 100 || i > 0 && m.X < marks[i-1].X {
			t.Errorf("mark %d: %+v", i, m)
		}
	}
	if want := "go pause go crash go told stop"; strings.Join(got, " ") != want {
		t.Errorf("marks %q, want %q: %+v", got, want, marks)
	}
	if crash := marks[3]; crash.instant.After(v.History[1].Started) || !strings.Contains(crash.Text, "no recorded end") {
		t.Errorf("crash: %+v", crash)
	}
}

// The table below the charts has their means: over all rows they are those of the
// captions.
func TestTimelineAsATable(t *testing.T) {
	v := sampleRun()
	s := timeline(v)
	if n := len(s.Data.Rows); n < 2 || n > dataRows {
		t.Fatalf("%d rows", n)
	}
	tl := v.Summary.Timeline()
	each := (len(tl.Slots()) + dataRows - 1) / dataRows
	var done int64
	for _, slot := range tl.Slots()[:each] {
		done += slot.Done
	}
	row := s.Data.Rows[0].Cells
	if want := Rate(float64(done) / (float64(each) * tl.Width().Seconds())); row[0].Text != Time(tl.Start()) || row[1].Text != want || row[4].Text != Rate(v.KMSCap) {
		t.Errorf("first row %v, want %s objects", row, want)
	}
}
