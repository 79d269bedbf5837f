package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

// Bar draws part of whole in so many columns. The library's percent is left out, as it
// has no decimal, and its rate and clock know nothing of earlier runs and pauses.
func Bar(part, whole int64, columns int) string {
	b := progressbar.NewOptions64(whole,
		progressbar.OptionSetWriter(io.Discard), // only a screen knows when its line may be drawn
		progressbar.OptionSetWidth(columns),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerHead: "█", SaucerPadding: "░"}),
	)
	_ = b.Set64(min(part, whole)) // can only fail to write
	_, drawn, _ := strings.Cut(strings.TrimSpace(b.String()), " ")
	return fmt.Sprintf("%-*s", columns, drawn)
}
