package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/internal/browser"
)

// TestPage looks at the page in headless Chromium at two widths, light and dark, while a
// job runs, after a failure and after its end: every value is there, nothing sticks out
// at the side, the console stays empty, nothing is requested but the page and its
// stream, and names that are attacks stay text.
//
// RESEAL_SCREENSHOTS=DIR keeps the pictures, to be looked at.
func TestPage(t *testing.T) {
	b := browser.Start(t, browser.Find(t, "./ui", "TestPage"))
	keep := os.Getenv("RESEAL_SCREENSHOTS")
	for _, tt := range []struct {
		name  string
		doc   *played
		state string
		over  bool
	}{{"run", night(), "running", false}, {"stopped", stoppedNight(), "stopped: stopped by --max-failures 10", false}, {"end", wholeNight(), "finished", true}} {
		for _, l := range []browser.Look{{Width: 1200, Height: 900}, {Width: 1200, Height: 900, Dark: true}, {Width: 400, Height: 800}, {Width: 400, Height: 800, Dark: true}} {
			name := fmt.Sprintf("%s-%d-%s", tt.name, l.Width, map[bool]string{false: "light", true: "dark"}[l.Dark])
			t.Run(name, func(t *testing.T) {
				s := listenTo(t, tt.doc)
				s.hub.record = tenMinutes(tt.name == "run")
				stop := start(t, s)
				p := b.Open(s.URL(), l)
				p.WaitFor("document.querySelector('#link').className === 'link live'")
				if tt.over {
					go stop()
					p.WaitFor("document.querySelector('#link').className === 'link over'")
				}
				if got := p.Text("#state"); got != tt.state {
					t.Errorf("state %q, want %q", got, tt.state)
				}
				lookAt(t, p, l)
				if urls := p.Requests(); !slices.Equal(urls, []string{s.URL(), s.URL() + "events"}) {
					t.Errorf("requests %q", urls)
				}
				console := p.Console()
				if tt.over { // the program has gone, and with it a stream that may not have ended
					console = slices.DeleteFunc(console, func(line string) bool { return strings.Contains(line, "ERR_INCOMPLETE_CHUNKED_ENCODING") })
				}
				if c := console; len(c) > 0 {
					t.Errorf("console: %q", c)
				}
				if keep != "" {
					if err := os.WriteFile(filepath.Join(keep, name+".png"), p.Picture(true), 0o644); err != nil {
						t.Error(err)
					}
				}
				stop()
			})
		}
	}
}

// lookAt checks what holds of the page in each state.
func lookAt(t *testing.T, p *browser.Page, l browser.Look) {
	t.Helper()
	var wide int
	p.Eval("document.documentElement.scrollWidth", &wide)
	if wide > l.Width {
		t.Errorf("the page is %d wide", wide)
	}
	var ground string
	p.Eval("getComputedStyle(document.body).backgroundColor", &ground)
	if want := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(18, 22, 28)"}[l.Dark]; ground != want {
		t.Errorf("ground %s, want %s", ground, want)
	}
	var foreign int
	p.Eval("document.querySelectorAll('main img, main script, main b:not([id]):not(summary b), main i:not(.legend i)').length", &foreign)
	if foreign != 0 {
		t.Errorf("%d elements that an attack made", foreign)
	}
	var small int // texts that nobody can read
	p.Eval("[...document.querySelectorAll('main *')].filter((e) => e.childElementCount === 0 && e.textContent && parseFloat(getComputedStyle(e).fontSize) < 11).length", &small)
	if small != 0 {
		t.Errorf("%d texts of less than 11 pixels", small)
	}
	if log := p.Text("#log"); log != "" && !strings.Contains(log, `<img src=x onerror=alert(1)>\u{202e}txt.exe\u{1b}[31m`) {
		t.Errorf("log %q", log)
	}
}

// tenMinutes is what a server has seen for ten minutes, where a run is on.
func tenMinutes(on bool) (r recorder) {
	for i := range int64(2 * maxSlots) {
		if !on {
			break
		}
		st := runStatus(9000 - 2*maxSlots + i)
		st.Started = began.Add(100 * time.Minute)
		if i > 200 && i < 240 {
			st.Binding.Limit = "kms-throttled"
			st.KMS.Throttled = i - 200
		}
		st.KMS.Released += i % 13 * 10
		st.Done += i % 17 * 6
		r.add(time.Now().Add(time.Duration(i-2*maxSlots)*time.Second), st)
	}
	return r
}

// stoppedNight ended with failures, and wholeNight with none.
func stoppedNight() *played {
	p := night()
	p.over(4, "stopped by --max-failures 10")
	p.rest.Next, p.rest.Does = "reseal run --job ./jobs/archive", "goes on where it stopped"
	return p
}

func wholeNight() *played {
	p := night()
	p.over(0, "")
	p.doc["state"], p.doc["done"], p.doc["failed"], p.doc["rows_settled"] = "finished", 3000000, 0, 3300000
	p.doc["figures_are"] = nil
	p.rest.Next, p.rest.Does = "reseal verify --job ./jobs/archive", "looks at every object again"
	return p
}

// The page can be used without a mouse, and is told to those who do not see it.
func TestPageWithoutEyesOrMouse(t *testing.T) {
	b := browser.Start(t, browser.Find(t, "./ui", "TestPage"))
	src := night()
	src.run = nil // no samples: the page begins with them once there are some, which is a matter of seconds
	s, _ := serve(t, src)
	p := b.Open(s.URL(), browser.Look{Width: 400, Height: 800})
	p.WaitFor("document.querySelector('#told').textContent !== ''")
	for _, want := range []browser.Node{{Role: "status"}, {Role: "progressbar", Name: "Progress"}, {Role: "radio", Name: "All runs"}, {Role: "slider", Name: "Instant in the charts"},
		{Role: "heading", Name: "s3://acme-media-archive"}, {Role: "region", Name: "Log"}, {Role: "link", Name: "Skip to the charts"}} {
		if !slices.Contains(p.Nodes(), want) {
			t.Errorf("a screen reader is not told of %+v", want)
		}
	}
	if got := p.Text("#told"); got != "running. 43.4 %, 1,301,221 of 3,000,000 objects. 13 objects failed. about 1h 09m left." {
		t.Errorf("told %q", got)
	}
	focus := func() (id string) {
		p.Eval("document.activeElement.id || document.activeElement.className || document.activeElement.value || document.activeElement.tagName", &id)
		return id
	}
	var order []string
	for range 8 {
		p.Press("Tab")
		order = append(order, focus())
	}
	if want := []string{"skip", "past", "chart"}; !slices.Equal(order[:3], want) || !slices.Contains(order, "log") {
		t.Errorf("the Tab key goes to %q, want first %q", order, want)
	}
	p.Eval("document.querySelector('#chart').focus()", nil)
	p.Press("Home")
	if got := p.Text("#readout"); !strings.HasPrefix(got, "21:58:24: ") || !strings.HasSuffix(got, "of 600/s; run began, by ops on batch-1") {
		t.Errorf("the first instant: %q", got)
	}
	p.Press("ArrowRight")
	var told string
	p.Eval("document.querySelector('#chart').getAttribute('aria-valuetext')", &told)
	if !strings.HasPrefix(told, "22:00:32: ") || !strings.HasSuffix(told, "bound by KMS rate rising") || told != p.Text("#readout") {
		t.Errorf("the next: %q, %q", told, p.Text("#readout"))
	}
	p.Eval("document.querySelector('#chart-table').open = true", nil)
	p.WaitFor("document.querySelectorAll('#chart-rows tr').length > 20")
	if got := p.Text("#chart-rows tr:nth-child(20)"); !strings.Contains(got, "adaptive slots") {
		t.Errorf("the table: %q", got)
	}
	src.over(4, "stopped by --max-cost") // which is told at once
	p.WaitFor("document.querySelector('#told').textContent.startsWith('stopped: stopped by --max-cost')")
}

// A page that lost its server says so.
func TestPageWithoutServer(t *testing.T) {
	b := browser.Start(t, browser.Find(t, "./ui", "TestPage"))
	s, stop := serve(t, night())
	p := b.Open(s.URL(), browser.Look{Width: 400, Height: 800})
	p.WaitFor("document.querySelector('#link').textContent === 'live'")
	stop()
	p.WaitFor("document.querySelector('#link').textContent === 'no longer live'")
	if got := p.Text("#banner"); !strings.HasPrefix(got, "reseal has ended, and this page with it.") {
		t.Errorf("banner %q", got)
	}
}
