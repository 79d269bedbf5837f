package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"reseal/internal/plain"
)

// endings are the formats of a report by the ending of a file's name.
var endings = map[string]string{
	".html": "html", ".htm": "html", ".json": "json", ".csv": "csv", ".jsonl": "lines", ".ndjson": "lines", ".txt": "text",
}

// formatOf is the format of a report where none is named: what the name of its file
// ends in, else text.
func formatOf(out string) string {
	if format := endings[strings.ToLower(filepath.Ext(out))]; format != "" {
		return format
	}
	return "text"
}

// tellOtherFormat says that a file will hold another format than its name promises, or that
// its ending is none that is known. flag is the one that names the format.
func tellOtherFormat(w io.Writer, flag, format, out string) {
	ending := strings.ToLower(filepath.Ext(out))
	switch promised := endings[ending]; {
	case promised != "" && promised != format:
		fmt.Fprintf(w, "note: %s will hold %s, as --%s says; its name says %s\n", plain.Text(out), format, flag, promised)
	case promised == "" && ending != "" && format == "text":
		fmt.Fprintf(w, "note: %s will hold text: no format goes by the ending %s; --%s names one\n", plain.Text(out), plain.Text(ending), flag)
	}
}
