package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long a browser may run.
const patience = 5 * time.Minute

// Find returns Chromium's path, or skips the test aloud. pkg and run name the test.
func Find(t testing.TB, pkg, run string) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("SKIPPED: there is no Chromium here, so no page was looked at. To run it: apt-get install chromium && go test %s -run %s", pkg, run)
	return ""
}

// Browser is a Chromium that runs until the test ends. It is steered by the DevTools
// protocol over a pair of pipes.
type Browser struct {
	t   testing.TB
	ctx context.Context
	in  *os.File

	mu      sync.Mutex
	number  int
	waiting map[int]chan answer
	pages   map[string]*Page // by session
}

type answer struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// Start starts the Chromium at path. It does not call home.
func Start(t testing.TB, path string) *Browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir="+Profile(t), "--remote-debugging-pipe",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &Browser{t: t, ctx: ctx, in: in, waiting: map[int]chan answer{}, pages: map[string]*Page{}}
	var reader sync.WaitGroup
	reader.Go(func() { b.read(out) })
	t.Cleanup(func() {
		b.send(0, "", "Browser.close", nil) // so that it leaves its folder
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
		}
		cancel()
		<-ended
		in.Close()
		reader.Wait()
		out.Close()
	})
	return b
}

// read hands out what the browser says, until it ends.
func (b *Browser) read(out *os.File) {
	r := bufio.NewReader(out)
	for {
		data, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var a answer
		if json.Unmarshal(data[:len(data)-1], &a) != nil {
			continue
		}
		b.mu.Lock()
		if c := b.waiting[a.ID]; c != nil && a.ID != 0 {
			delete(b.waiting, a.ID)
			c <- a
		} else if p := b.pages[a.Session]; p != nil {
			p.event(a.Method, a.Params)
		}
		b.mu.Unlock()
	}
}

func (b *Browser) send(id int, session, method string, params any) {
	m := map[string]any{"id": id, "method": method}
	if session != "" {
		m["sessionId"] = session
	}
	if params != nil {
		m["params"] = params
	}
	data, err := json.Marshal(m)
	if err == nil {
		_, err = b.in.Write(append(data, 0))
	}
	if err != nil && b.ctx.Err() == nil {
		b.t.Logf("browser: %v", err)
	}
}

// call has the browser do something, and fails the test where it does not.
func (b *Browser) call(session, method string, params, result any) {
	b.t.Helper()
	c := make(chan answer, 1)
	b.mu.Lock()
	b.number++
	id := b.number
	b.waiting[id] = c
	b.mu.Unlock()
	b.send(id, session, method, params)
	select {
	case a := <-c:
		if a.Error != nil {
			b.t.Fatalf("browser, %s: %s", method, a.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(a.Result, result); err != nil {
				b.t.Fatalf("browser, %s: %v", method, err)
			}
		}
	case <-b.ctx.Done():
		b.t.Fatalf("browser, %s: %v", method, fmt.Errorf("no answer: %w", b.ctx.Err()))
	}
}
