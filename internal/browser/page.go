package browser

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Look is what a person looks with.
type Look struct {
	Width, Height int
	Dark          bool
}

// Page is an open page.
type Page struct {
	b       *Browser
	session string

	console  []string // under the browser's lock
	requests []string
}

// Open opens a page.
func (b *Browser) Open(url string, l Look) *Page {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p := &Page{b: b, session: attached.SessionID}
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.call(domain+".enable", nil, nil)
	}
	p.Resize(l)
	var went struct{ ErrorText string }
	p.call("Page.navigate", map[string]any{"url": url}, &went)
	if went.ErrorText != "" {
		b.t.Fatalf("open %s: %s", url, went.ErrorText)
	}
	for loaded := false; !loaded; { // scripts of the page are there from then on
		p.Eval("location.href !== 'about:blank' && document.readyState === 'complete'", &loaded)
	}
	return p
}

// Resize sets width, height and colour scheme.
func (p *Page) Resize(l Look) {
	p.b.t.Helper()
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": l.Width, "height": l.Height, "deviceScaleFactor": 1, "mobile": false}, nil)
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
}

func (p *Page) call(method string, params, result any) {
	p.b.t.Helper()
	p.b.call(p.session, method, params, result)
}

// event takes down what the page does by itself.
func (p *Page) event(method string, params json.RawMessage) {
	var e struct {
		Entry            struct{ Text, URL string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Args    []struct{ Value any }
		Request struct{ URL string }
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	switch method {
	case "Log.entryAdded":
		p.console = append(p.console, e.Entry.Text+" "+e.Entry.URL)
	case "Runtime.exceptionThrown":
		p.console = append(p.console, e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
	case "Runtime.consoleAPICalled":
		p.console = append(p.console, fmt.Sprint(e.Args))
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, e.Request.URL)
	}
}

// Console returns what came on the console, errors included.
func (p *Page) Console() []string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return slices.Clone(p.console)
}

// Requests returns the URLs that were requested.
func (p *Page) Requests() []string {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	return slices.Clone(p.requests)
}

// Eval evaluates JavaScript in the page, and waits where it is a promise.
func (p *Page) Eval(js string, into any) {
	p.b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	p.call("Runtime.evaluate", map[string]any{"expression": js, "awaitPromise": true, "returnByValue": true}, &r)
	if e := r.ExceptionDetails; e != nil {
		p.b.t.Fatalf("%s: %s %s", js, e.Text, e.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(r.Result.Value, into); err != nil {
			p.b.t.Fatalf("%s: %s: %v", js, r.Result.Value, err)
		}
	}
}

// WaitFor waits until an expression is true in the page.
func (p *Page) WaitFor(js string) {
	p.b.t.Helper()
	p.Eval("new Promise((done) => { const look = () => ("+js+") ? done(true) : setTimeout(look, 20); look(); })", nil)
}

// Text is the text of the first element that a selector matches.
func (p *Page) Text(selector string) (text string) {
	p.b.t.Helper()
	p.Eval(fmt.Sprintf("document.querySelector(%q).textContent", selector), &text)
	return text
}

// Press presses a key such as Tab, ArrowLeft or Enter.
func (p *Page) Press(key string) {
	p.b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39, "End": 35, "Home": 36}
	for _, kind := range []string{"rawKeyDown", "keyUp"} {
		p.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}, nil)
	}
}

// Picture is the page as a PNG: what fits the window, or all of it.
func (p *Page) Picture(all bool) []byte {
	p.b.t.Helper()
	var shot struct{ Data []byte }
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": all}, &shot)
	return shot.Data
}

// Node is what a screen reader is told of an element.
type Node struct{ Role, Name string }

// Nodes returns what a screen reader is told of the page.
func (p *Page) Nodes() (all []Node) {
	p.b.t.Helper()
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	p.call("Accessibility.getFullAXTree", nil, &tree)
	for _, n := range tree.Nodes {
		if !n.Ignored {
			all = append(all, Node{fmt.Sprint(n.Role.Value), fmt.Sprint(n.Name.Value)})
		}
	}
	return all
}
