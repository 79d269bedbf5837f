package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// WriteManPages writes a page of every command into a folder. source is the program with
// its version.
func WriteManPages(root *cobra.Command, source, folder string) error {
	forPages(root)
	name := root.Name()
	return doc.GenManTree(root, &doc.GenManHeader{Title: strings.ToUpper(name), Section: "1", Source: source, Manual: name}, folder)
}

// forPages makes what help shows fit for pages: those have no date of their own, and
// take a command for code where it is indented by four.
func forPages(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	lines := strings.Split(cmd.Long, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "    " + line
		}
	}
	cmd.Long = strings.Join(lines, "\n")
	for _, sub := range cmd.Commands() {
		forPages(sub)
	}
}
