package explain

import "testing"

// TestCommandsCanBePasted holds the commands that go on with a job against what a shell
// takes, whatever the job is named.
func TestCommandsCanBePasted(t *testing.T) {
	for dir, want := range map[string]string{
		"./media":         "reseal run ./media --until-clean",
		"s3://jobs/media": "reseal run s3://jobs/media --until-clean",
		"./my media":      "reseal run './my media' --until-clean",
	} {
		if got := UntilClean(dir); got != want {
			t.Errorf("UntilClean(%q) = %s, want %s", dir, got, want)
		}
	}
}
