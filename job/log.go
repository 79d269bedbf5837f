package job

import (
	"os"

	"reseal/checkpoint"
)

// LogFile is the log in the folder of a job.
const LogFile = "reseal.log"

// AppendLog opens the log of a job in a folder to add to its end. It follows no link, and
// takes no folder of somebody else's: that is a *checkpoint.UntrustedError.
func AppendLog(dir string) (*os.File, error) { return checkpoint.AppendFile(dir, LogFile) }
