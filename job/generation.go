package job

import (
	"fmt"
	"regexp"
)

// GenerationsFolder is the folder of a job that holds its later generations.
const GenerationsFolder = "generations"

// Generation says in the plan of a job that it is a later generation of another one.
type Generation struct {
	Of     string `json:"of_plan_sha256"` // of that one's plan.json
	Number int    `json:"number"`
}

// GenerationName is the name of the job that is that generation of the job of the other
// name.
func GenerationName(of string, number int) string {
	return Below(of, fmt.Sprintf("%s/%06d", GenerationsFolder, number))
}

// generationName is the end of such a name.
var generationName = regexp.MustCompile(`[/\\]` + GenerationsFolder + `[/\\][0-9]{6,}[/\\]*$`)

// GenerationError is a run of a generation by itself: the budget and the cap are those
// of the job that it belongs to.
type GenerationError struct {
	Name   string
	Number int
}

// WholeOf is the name of the job that a later generation belongs to, by its own name; ""
// where that does not tell.
func WholeOf(generation string) string {
	at := generationName.FindStringIndex(generation)
	if at == nil {
		return ""
	}
	return generation[:at[0]]
}

func (e *GenerationError) Error() string {
	whole := WholeOf(e.Name)
	if whole == "" {
		whole = "that one"
	}
	return fmt.Sprintf("%s is generation %d of another job, and its limits are those of that job; run %s as a whole", e.Name, e.Number, whole)
}
