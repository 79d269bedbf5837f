package ownhost

import "testing"

func TestKnown(t *testing.T) {
	for host, want := range map[string]struct{ known, number bool }{
		"127.0.0.1:9325":     {true, true},
		"10.0.0.8":           {true, true},
		"[::1]:80":           {true, true},
		"[::1]":              {true, true},
		"localhost:80":       {true, false},
		"LOCALHOST":          {true, false},
		"batch-1.example:80": {true, false},
		"Batch-1.Example":    {true, false},
		"evil.example":       {false, false},
		"evil.example:80":    {false, false},
		"localhost.evil":     {false, false},
		"127.0.0.1.evil":     {false, false},
		"[[::1]]":            {false, false},
		"":                   {false, false},
	} {
		if at, known := Known(host, "batch-1.example"); known != want.known || at.IsValid() != want.number {
			t.Errorf("%q: %v, known %v; want %+v", host, at, known, want)
		}
	}
	if _, known := Known("", ""); known {
		t.Error("no name is a name")
	}
}
