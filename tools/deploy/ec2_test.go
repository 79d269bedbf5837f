package deploy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const userData = "../../deploy/ec2/user-data.sh"

// machine is a folder in which user-data.sh finds stubs of what a machine has: aws
// copies between folders, shutdown writes a note, reseal ends as it is told.
type machine struct {
	t      *testing.T
	dir    string
	script string
}

// newMachine makes one whose reseal is a shell script. Settings are filled in as a
// person would, each in its line.
func newMachine(t *testing.T, reseal string, settings map[string]string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.write("bucket/reseal.tar.gz", string(archive(t, reseal)))
	m.write("bucket/logs/.keep", "")
	m.write("stubs/aws", "#!/bin/sh\n# aws s3 cp --only-show-errors --region R FROM TO\n[ \"$1 $2 $3 $4 $5\" = \"s3 cp --only-show-errors --region eu-west-1\" ] || exit 2\n"+
		`place() { case $1 in s3://*) echo "`+m.dir+`/bucket/${1#s3://}" ;; *) echo "$1" ;; esac; }`+"\nexec cp \"$(place \"$6\")\" \"$(place \"$7\")\"\n")
	m.write("stubs/shutdown", "#!/bin/sh\necho \"$@\" >>"+m.dir+"/shutdown\n")
	m.write("stubs/setpriv", "#!/bin/sh\n[ \"$1 $2 $3 $4\" = \"--reuid nobody --clear-groups --no-new-privs\" ] || exit 2\nshift 4\nexec \"$@\"\n")
	m.write("stubs/chown", "#!/bin/sh\n")
	m.write("stubs/hostname", "#!/bin/sh\necho ip-10-0-0-1\n")
	data, err := os.ReadFile(userData)
	if err != nil {
		t.Fatal(err)
	}
	m.script = string(data)
	all := map[string]string{
		"ARCHIVE": "s3://reseal.tar.gz", "SHA256": fmt.Sprintf("%x", sha256.Sum256(archive(t, reseal))), "JOB": "s3://state/media", "MANIFEST": "s3://reports/m.json", "KEY": "arn:key", "LOGS": "s3://logs",
		"ACCEPT": "versioned,acl", "STARTS": "3", "PAUSE": "0", "WORK": m.dir + "/var", "BIN": m.dir,
	}
	for name, value := range settings {
		all[name] = value
	}
	for name, value := range all {
		var lines []string
		found := false
		for line := range strings.Lines(m.script) {
			if strings.HasPrefix(line, name+"=") {
				line, found = name+"="+value+"\n", true
			}
			lines = append(lines, line)
		}
		if m.script = strings.Join(lines, ""); !found {
			t.Fatalf("%s has no setting %s", userData, name)
		}
	}
	m.write("user-data.sh", m.script)
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// archive is what make snapshot makes: a folder with the program in it.
func archive(t *testing.T, program string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: "reseal_1.0.0_linux_amd64/reseal", Mode: 0o755, Size: int64(len(program))})
	if err == nil {
		_, err = w.Write([]byte(program))
	}
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// start begins the script as cloud-init does. It is killed with the test.
func (m *machine) start(ctx context.Context) *exec.Cmd {
	m.t.Helper()
	cmd := exec.CommandContext(ctx, "sh", filepath.Join(m.dir, "user-data.sh"))
	cmd.Env = []string{"PATH=" + m.dir + "/stubs:" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	return cmd
}

// ended is the exit code of the script, how often reseal was started, and the log that
// was sent. The machine has to have been ended, once.
func (m *machine) ended(cmd *exec.Cmd) (code, starts int, log string) {
	m.t.Helper()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	names, _ := filepath.Glob(m.dir + "/bucket/logs/*.log")
	if len(names) != 1 {
		m.t.Fatalf("%d logs were sent", len(names))
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		m.t.Fatal(err)
	}
	if down, err := os.ReadFile(m.dir + "/shutdown"); err != nil || string(down) != "-h now\n" {
		m.t.Errorf("the machine was told %q, %v", down, err)
	}
	return cmd.ProcessState.ExitCode(), strings.Count(string(data), "reseal run"), string(data)
}

const says = "#!/bin/sh\necho \"reseal $* with $RESEAL_ACCEPT in $AWS_REGION\"\n"

// TestMachineFollowsTheExits: what another start may mend is started again, as often as
// STARTS says; all else ends the machine with the exit code.
func TestMachineFollowsTheExits(t *testing.T) {
	for code, want := range map[int]int{0: 1, 1: 3, 2: 1, 3: 1, 4: 1, 5: 1, 6: 3, 7: 1, 137: 3} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, fmt.Sprintf("%sexit %d\n", says, code), nil)
			got, starts, log := m.ended(m.start(t.Context()))
			if got != code || starts != want {
				t.Errorf("ended with %d after %d starts, want %d", got, starts, want)
			}
			if !strings.Contains(log, "reseal run --manifest s3://reports/m.json --sse-kms-key-id arn:key --job s3://state/media "+
				"--yes --no-progress --log-format json --log-level info --drain-timeout 60s with versioned,acl in eu-west-1\n") {
				t.Errorf("another command was run:\n%s", log)
			}
		})
	}
}

// TestMachineGoesOn: a start that ends well ends the machine.
func TestMachineGoesOn(t *testing.T) {
	m := newMachine(t, says+"[ -e \"$TMPDIR/again\" ] || { touch \"$TMPDIR/again\"; exit 1; }\n", nil)
	if code, starts, log := m.ended(m.start(t.Context())); code != 0 || starts != 2 {
		t.Errorf("ended with %d after %d starts:\n%s", code, starts, log)
	}
}

// TestMachineRunsNothingUnknown: an archive with another checksum is not unpacked.
func TestMachineRunsNothingUnknown(t *testing.T) {
	m := newMachine(t, says, map[string]string{"SHA256": strings.Repeat("0", 64)})
	code, starts, log := m.ended(m.start(t.Context()))
	if code != 1 || starts != 0 || !strings.Contains(log, "another checksum") {
		t.Errorf("ended with %d after %d starts:\n%s", code, starts, log)
	}
}

// TestMachineDrains: SIGTERM reaches reseal, whose ending is waited for and kept.
func TestMachineDrains(t *testing.T) {
	m := newMachine(t, says+`trap 'echo drained; exit 143' TERM
: >"$TMPDIR/runs"
while :; do sleep 0.05; done
`, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := m.start(ctx)
	for {
		if _, err := os.Stat(m.dir + "/var/tmp/runs"); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("reseal was not started")
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, starts, log := m.ended(cmd)
	if code != 143 || starts != 1 || !strings.Contains(log, "\ndrained\n") || strings.Index(log, "drained") > strings.Index(log, "ended with 143") {
		t.Errorf("ended with %d after %d starts:\n%s", code, starts, log)
	}
}

// TestMachineEndsWithoutLogs: logs that cannot be sent keep no machine running.
func TestMachineEndsWithoutLogs(t *testing.T) {
	m := newMachine(t, says, map[string]string{"LOGS": "s3://nowhere"})
	cmd := m.start(t.Context())
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if down, err := os.ReadFile(m.dir + "/shutdown"); err != nil || string(down) != "-h now\n" {
		t.Errorf("the machine was told %q, %v", down, err)
	}
}

// TestShellcheck: shellcheck has nothing to say about the script.
func TestShellcheck(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("NOT CHECKED: there is no shellcheck (Debian: apt-get install shellcheck)")
	}
	if out, err := exec.CommandContext(t.Context(), program, userData).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
