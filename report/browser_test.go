package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	chromium "reseal/internal/browser"
)

// TestBrowser opens the pages in headless Chromium, at two widths, light and dark:
// nothing sticks out at the side, the console stays empty, nothing is requested
// but the file, and names that are attacks stay text.
//
// RESEAL_SCREENSHOTS=DIR keeps pages and pictures, to be looked at.
func TestBrowser(t *testing.T) {
	browser := findBrowser(t)
	keep := os.Getenv("RESEAL_SCREENSHOTS")
	hostilePlan, hostileRun := hostile()
	pages := []struct {
		name  string
		write func(io.Writer) error
	}{
		{"plan", func(w io.Writer) error { return WritePlanHTML(w, samplePlan()) }},
		{"run", func(w io.Writer) error { return WriteRunHTML(w, sampleRun()) }},
		{"workload", func(w io.Writer) error { return WriteWorkloadHTML(w, sampleWorkload()) }},
		{"survey", func(w io.Writer) error { return WriteSurveyHTML(w, sampleSurvey()) }},
		{"hostile-plan", func(w io.Writer) error { return WritePlanHTML(w, hostilePlan) }},
		{"hostile-run", func(w io.Writer) error { return WriteRunHTML(w, hostileRun) }},
	}
	looks := []struct {
		name   string
		width  int
		scheme int // of Blink's preferredColorScheme
		ground color.RGBA
	}{
		{"wide-light", 1200, 1, color.RGBA{0xff, 0xff, 0xff, 0xff}},
		{"wide-dark", 1200, 0, color.RGBA{0x12, 0x16, 0x1c, 0xff}},
		{"narrow-light", 420, 1, color.RGBA{0xff, 0xff, 0xff, 0xff}},
		{"narrow-dark", 420, 0, color.RGBA{0x12, 0x16, 0x1c, 0xff}},
	}
	for _, p := range pages {
		dir := t.TempDir()
		file := filepath.Join(dir, p.name+".html")
		var page bytes.Buffer
		if err := p.write(&page); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, l := range looks {
			if strings.HasPrefix(p.name, "hostile") && l.name != "wide-light" || p.name == "workload" && l.name != "narrow-dark" {
				continue // the same templates
			}
			t.Run(p.name+"/"+l.name, func(t *testing.T) {
				picture, netlog := filepath.Join(dir, l.name+".png"), filepath.Join(dir, l.name+".net")
				dom, console := open(t, browser, file,
					"--screenshot="+picture, fmt.Sprintf("--window-size=%d,16000", l.width),
					fmt.Sprintf("--blink-settings=preferredColorScheme=%d", l.scheme), "--log-net-log="+netlog)
				if console != "" {
					t.Errorf("console: %s", console)
				}
				if strings.Contains(dom, "<script") || strings.Contains(dom, "<img") {
					t.Error("the page as parsed has an element of an attack")
				}
				if urls := requested(t, netlog); len(urls) > 0 {
					t.Errorf("requests to the outside: %v", urls)
				}
				if err := look(picture, l.width, l.ground); err != nil {
					t.Error(err)
				}
				if keep != "" {
					if err := os.WriteFile(filepath.Join(keep, p.name+".html"), page.Bytes(), 0o644); err != nil {
						t.Error(err)
					}
					data, err := os.ReadFile(picture)
					if err == nil {
						err = os.WriteFile(filepath.Join(keep, p.name+"-"+l.name+".png"), data, 0o644)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// TestBrowserSees makes sure that TestBrowser would see what it looks for.
func TestBrowserSees(t *testing.T) {
	browser := findBrowser(t)
	dir := t.TempDir()
	file, netlog, picture := filepath.Join(dir, "bad.html"), filepath.Join(dir, "net"), filepath.Join(dir, "p.png")
	const bad = `<!DOCTYPE html><body style="margin:0"><div style="background:red;height:99px">x</div><img src="http://elsewhere.example/x.png"><script>console.error("seen")</script>`
	if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	dom, console := open(t, browser, file, "--log-net-log="+netlog, "--screenshot="+picture, "--window-size=500,600")
	if !strings.Contains(console, "seen") || !strings.Contains(dom, "<script") {
		t.Errorf("console %q, page %q: an error and a script went unseen", console, dom)
	}
	if urls := requested(t, netlog); len(urls) == 0 || !strings.HasPrefix(urls[0], "http://elsewhere.example/") {
		t.Errorf("requests seen: %v, want that for a picture elsewhere", urls)
	}
	if err := look(picture, 500, color.RGBA{0xff, 0xff, 0xff, 0xff}); err == nil {
		t.Error("a bar that reaches the edges went unseen")
	}
}

// findBrowser returns Chromium's path, or skips the test aloud.
func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("SKIPPED: there is no Chromium here, so no page was looked at. To run it: apt-get install chromium && go test ./report -run TestBrowser")
	return ""
}

// open runs the browser on a file, and returns the page as it parsed it and what
// came on its console.
func open(t *testing.T, browser, file string, flags ...string) (dom, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := append([]string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + chromium.Profile(t), "--enable-logging=stderr",
		"--host-resolver-rules=MAP * ~NOTFOUND", // the browser does not call home either
		"--dump-dom"}, append(flags, "file://"+file)...)
	cmd := exec.CommandContext(ctx, browser, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = 10 * time.Second // children of the browser may hold the pipes
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v\n%s", browser, err, errs.String())
	}
	var lines []string
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			lines = append(lines, line)
		}
	}
	return out.String(), strings.Join(lines, "")
}

// requested returns the URLs outside the file system that a page asked for. What
// the browser wants for itself has no page as initiator.
func requested(t *testing.T, netlog string) (urls []string) {
	t.Helper()
	data, err := os.ReadFile(netlog)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatalf("network log: %v", err)
	}
	for _, e := range log.Events {
		u, by := e.Params.URL, e.Params.Initiator
		if by != "" && by != "not an origin" && !strings.HasPrefix(u, "file:") {
			urls = append(urls, u)
		}
	}
	return urls
}

// look checks a picture: of the asked width, on the right ground, with something
// on it, and with nothing that reaches the edges.
func look(picture string, width int, ground color.RGBA) error {
	f, err := os.Open(picture)
	if err != nil {
		return err
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return err
	}
	b := img.Bounds()
	if b.Dx() != width {
		return fmt.Errorf("the picture is %d wide, want %d", b.Dx(), width)
	}
	same := func(x, y int) bool { return color.RGBAModel.Convert(img.At(x, y)) == ground }
	inked := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for _, x := range []int{b.Min.X + 2, b.Max.X - 3} {
			if !same(x, y) {
				return fmt.Errorf("something at the edge, at %d,%d: %v", x, y, img.At(x, y))
			}
		}
		for x := b.Min.X; x < b.Max.X; x += 7 {
			if !same(x, y) {
				inked++
			}
		}
	}
	if inked < 5000 {
		return fmt.Errorf("only %d points of the picture are inked", inked)
	}
	return nil
}
