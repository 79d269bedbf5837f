package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
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

// tellOtherFormat says that a file will hold another format than its name promises.
func tellOtherFormat(w io.Writer, format, out string) {
	if promised := endings[strings.ToLower(filepath.Ext(out))]; promised != "" && promised != format {
		fmt.Fprintf(w, "note: %s will hold %s, as --format says; its name says %s\n", out, format, promised)
	}
}
