package explain

import "reseal/internal/shell"

// OnJob is a command of reseal on a job, as a person types it.
func OnJob(name, dir string) string { return "reseal " + name + " " + shell.Path(dir) }

// UntilClean is the command that goes on with the generations of a job. A generation is
// not run by itself: dir is the whole job.
func UntilClean(dir string) string { return OnJob("run", dir) + " --until-clean" }
