package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// hookCmd starts a listener for events and sets HOOK to its address, which holds a
// secret. It writes a line for each event into a file: its name, exit code and reason.
// The first event is answered with 503, so that it must be sent again:
//
//	hook FILE
func hookCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hook FILE")
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	busy := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // one at a time, as they are sent
		if busy {
			busy = false
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		var e struct {
			Schema   int    `json:"schema"`
			Event    string `json:"event"`
			ExitCode *int   `json:"exit_code"`
			Reason   string `json:"reason"`
			Bucket   string `json:"bucket"`
			Progress *struct {
				Done, Failed int64
			} `json:"progress"`
		}
		if err := json.Unmarshal(body, &e); err != nil || r.URL.Query().Get("token") != "hidden" || r.Header.Get("Idempotency-Key") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		line, _ := json.Marshal(e)
		_, _ = file.Write(append(line, '\n'))
	}))
	ts.Defer(func() { server.Close(); file.Close() })
	ts.Setenv("HOOK", server.URL+"/?token=hidden")
}
