package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reseal/certify"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// certified is a job that was carried out, verified and closed on the simulator, and the
// bundle of it, signed where key is given.
func certified(t *testing.T, key ...string) (n *night, job, bundle string) {
	t.Helper()
	n = newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		// A key that would like to be a line of SHA256SUMS, and to steer a terminal.
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100}, simulator.ObjectInfo{Key: "a\nb  ../../\x1b[2J\u202e", Size: 10}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
	}, "")
	n.as(false)
	job, bundle = filepath.Join(n.dir, "job"), filepath.Join(n.dir, "evidence")
	args := []string{"certify", job, "--out", bundle}
	if len(key) > 0 {
		args = append(args, "--sign-ssh-key", key[0])
	}
	for _, command := range [][]string{
		{"run", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--no-progress", "--probe-key-prefix", "scratch/"},
		{"verify", job},
		{"enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes"},
		args,
	} {
		if code, out, messages := n.command(command...); code != exitDone {
			t.Fatalf("%q: exit %d\n%s%s", command, code, out, messages)
		}
	}
	return n, job, bundle
}

// checked checks a bundle, and returns what is wrong with it.
func checked(t *testing.T, bundle string, signers certify.Signers) []string {
	t.Helper()
	c, err := certify.Check(t.Context(), bundle, signers, programVersion())
	if err != nil {
		t.Fatal(err)
	}
	return c.Problems
}

// newKey makes a key of SSH as ssh-keygen does, and returns its file.
func newKey(t *testing.T, options ...string) string {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("SKIPPED: ssh-keygen is not there; apt-get install openssh-client")
	}
	file := filepath.Join(t.TempDir(), "key")
	keygen(t, nil, append([]string{"-q", "-f", file, "-C", "ops"}, options...)...)
	return file
}

func keygen(t *testing.T, in []byte, args ...string) string {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestEachByteIsChecked changes bytes of each file of a signed bundle, one at a time:
// all of small files, some of larger ones. Each is found.
func TestEachByteIsChecked(t *testing.T) {
	_, _, bundle := certified(t, newKey(t, "-t", "ed25519", "-N", ""))
	if problems := checked(t, bundle, nil); len(problems) > 0 {
		t.Fatalf("a bundle that nobody changed: %q", problems)
	}
	entries, err := os.ReadDir(bundle)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, e := range entries {
		name := filepath.Join(bundle, e.Name())
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		step := 1 + len(text)/400
		for i := 0; i < len(text); i += step {
			for _, flip := range []byte{0x01, 0x20, 0xff} {
				bad := bytes.Clone(text)
				bad[i] ^= flip
				if err := os.WriteFile(name, bad, 0o600); err != nil {
					t.Fatal(err)
				}
				if changed++; len(checked(t, bundle, nil)) == 0 {
					t.Errorf("%s: byte %d changed by %#x is not found", e.Name(), i, flip)
				}
			}
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if changed < 1000 || len(checked(t, bundle, nil)) > 0 {
		t.Errorf("%d changes; then %q", changed, checked(t, bundle, nil))
	}
}

// TestEachFileIsChecked takes files away, adds some, renames some, and puts links in
// their place. Each is found, of a signed bundle and of one without a signature.
func TestEachFileIsChecked(t *testing.T) {
	_, _, bundle := certified(t, newKey(t, "-t", "ed25519", "-N", ""))
	entries, err := os.ReadDir(bundle)
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	found := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if len(checked(t, bundle, nil)) == 0 {
			t.Errorf("%s is not found", what)
		}
	}
	for _, e := range entries {
		name := filepath.Join(bundle, e.Name())
		err := os.Rename(name, outside)
		found(e.Name()+" taken away", err)
		found(e.Name()+" as a link", os.Symlink(outside, name))
		found(e.Name()+" as a folder", errorsOf(os.Remove(name), os.Mkdir(name, 0o700)))
		found(e.Name()+" renamed", errorsOf(os.Remove(name), os.Rename(outside, name+"x")))
		if err := os.Rename(name+"x", name); err != nil {
			t.Fatal(err)
		}
	}
	for _, extra := range []string{"results-000001.jsonl", "runs-1-of-2.json", "options.json.bak", "a\nb", ".hidden"} {
		found(extra+" added", os.WriteFile(filepath.Join(bundle, extra), nil, 0o600))
		if err := os.Remove(filepath.Join(bundle, extra)); err != nil {
			t.Fatal(err)
		}
	}
	if problems := checked(t, bundle, nil); len(problems) > 0 {
		t.Errorf("as it was: %q", problems)
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// resum makes SHA256SUMS anew, as somebody would who changed a bundle.
func resum(t *testing.T, bundle string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", "LC_ALL=C sha256sum $(ls | grep -v SHA256SUMS | LC_ALL=C sort) >SHA256SUMS")
	cmd.Dir = bundle
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestCertificateAgrees: a document that is changed with its sum is not what the
// certificate is made of, or what comes of it is not certified.
func TestCertificateAgrees(t *testing.T) {
	_, _, bundle := certified(t)
	resum(t, bundle)
	if problems := checked(t, bundle, nil); len(problems) > 0 {
		t.Fatalf("the sums of sha256sum are not those of the bundle: %q", problems)
	}
	for _, tt := range []struct{ file, old, new, want string }{
		{"plan.json", simaws.Key, otherKey, "documents of the job cannot be read"},
		{"runs.json", `"command": "run"`, `"command": "import"`, ""},
		{"runs.json", `"exit_code"`, `"accepted": ["readers"], "exit_code"`, "not what comes of"},
		{"verified.json", `"proven":3`, `"proven":2,"never-under-key":1`, "not certified"},
		{"verified.json", `"proven":3`, `"proven":4`, "does not add up"},
		{"verified.json", `"sample":"100%"`, `"sample":"1%"`, "not what comes of"},
		{"state.json", `"failed": 0`, `"failed": 1`, "not certified: 1 object failed"},
		{"state.json", `"running": false`, `"running": true`, "a run works on the job"},
		{"state.json", `"done"`, `"more": 1, "done"`, "cannot be read"},
		{"bucket.json", `"default_algorithm": "aws:kms"`, `"default_algorithm": "AES256"`, "do not get the key"},
		{"bucket.json", "ResealOnlyKMS", "Other", ""}, // the Sid does not matter
		{"bucket.json", "StringNotEquals", "StringEquals", "does not deny"},
		{"results-000000.jsonl", `"done"`, `"skipped"`, "not the chain"},
		{"results.chain", "results-000000", "results-000001", "not the chain"},
		{"certificate.json", `"rows": 3`, `"rows": 30000`, "not what comes of"},
		{"certificate.json", `"certified": true`, `"certified": false`, "not what comes of"},
		{"certificate.txt", "3 rows", "30,000 rows", "certificate.txt is not what"},
	} {
		name := filepath.Join(bundle, tt.file)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(tt.old)) {
			t.Errorf("%s has no %s", tt.file, tt.old)
			continue
		}
		if err := os.WriteFile(name, bytes.ReplaceAll(text, []byte(tt.old), []byte(tt.new)), 0o600); err != nil {
			t.Fatal(err)
		}
		resum(t, bundle)
		got := strings.Join(checked(t, bundle, nil), "\n")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s, %s for %s: %q, want %q", tt.file, tt.new, tt.old, got, tt.want)
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSignedBySSH: what reseal signs, ssh-keygen verifies, and the other way round.
// sha256sum takes the sums.
func TestSignedBySSH(t *testing.T) {
	for _, kind := range [][]string{{"-t", "ed25519", "-N", ""}, {"-t", "rsa", "-b", "2048", "-N", ""}, {"-t", "ecdsa", "-N", ""}, {"-t", "rsa", "-b", "2048", "-N", "", "-m", "PEM"}} {
		t.Run(strings.Join(kind, " "), func(t *testing.T) {
			key := newKey(t, kind...)
			_, _, bundle := certified(t, key)
			sums, err := os.ReadFile(filepath.Join(bundle, "SHA256SUMS"))
			if err != nil {
				t.Fatal(err)
			}
			signers := allow(t, key)
			signature := filepath.Join(bundle, "SHA256SUMS.sig")
			keygen(t, sums, "-Y", "check-novalidate", "-n", certify.Namespace, "-s", signature)
			if out := keygen(t, sums, "-Y", "verify", "-f", signers, "-I", "ops@example.com", "-n", certify.Namespace, "-s", signature); !strings.Contains(out, "Good") {
				t.Errorf("ssh-keygen says %q", out)
			}
			check := exec.Command("sha256sum", "--strict", "-c", "SHA256SUMS")
			check.Dir = bundle
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("sha256sum: %v\n%s", err, out)
			}
			n := &night{t: t}
			code, out, messages := n.command("certify", "--check", bundle, "--allowed-signers", signers)
			if code != exitDone || !strings.Contains(out, "Signed by ops@example.com, SHA256:") || strings.ContainsAny(out, "\x1b\u202e") {
				t.Errorf("exit %d\n%s%s", code, out, messages)
			}
			other := allow(t, newKey(t, "-t", "ed25519", "-N", ""))
			if code, out, _ := n.command("certify", "--check", bundle, "--allowed-signers", other); code != exitDifferent || !strings.Contains(out, "allowed signers do not have") {
				t.Errorf("by another key: exit %d\n%s", code, out)
			}
		})
	}
}

// allow writes a file of allowed signers with the public half of a key.
func allow(t *testing.T, key string) string {
	t.Helper()
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "signers")
	if err := os.WriteFile(file, append([]byte(`ops@example.com namespaces="reseal-*" `), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestSignedAfterwards: with a passphrase, the bundle is signed by ssh-keygen afterwards,
// which reseal then checks.
func TestSignedAfterwards(t *testing.T) {
	locked := newKey(t, "-t", "ed25519", "-N", "a passphrase")
	n, job, bundle := certified(t)
	code, _, messages := n.command("certify", job, "--out", filepath.Join(n.dir, "other"), "--sign-ssh-key", locked)
	if code != exitFatal || !strings.Contains(messages, "has a passphrase") || !strings.Contains(strings.Join(strings.Fields(messages), " "), "ssh-keygen -Y sign -f ") {
		t.Errorf("a key with a passphrase: exit %d\n%s", code, messages)
	}
	if code, _, messages := n.command("certify", job, "--out", filepath.Join(n.dir, "other"), "--sign-ssh-key", locked+".pub"); code != exitFatal || !strings.Contains(messages, "no private key") {
		t.Errorf("a public key: exit %d\n%s", code, messages)
	}
	key := newKey(t, "-t", "ed25519", "-N", "")
	signers := allow(t, key)
	if code, out, _ := n.command("certify", "--check", bundle, "--allowed-signers", signers); code != exitDifferent || !strings.Contains(out, "is not signed") {
		t.Errorf("without a signature: exit %d\n%s", code, out)
	}
	keygen(t, nil, "-q", "-Y", "sign", "-f", key, "-n", "file", filepath.Join(bundle, "SHA256SUMS"))
	if code, out, _ := n.command("certify", "--check", bundle); code != exitDifferent || !strings.Contains(out, `is one for "file"`) {
		t.Errorf("a signature of another namespace: exit %d\n%s", code, out)
	}
	if err := os.Remove(filepath.Join(bundle, "SHA256SUMS.sig")); err != nil {
		t.Fatal(err)
	}
	keygen(t, nil, "-q", "-Y", "sign", "-f", key, "-n", certify.Namespace, filepath.Join(bundle, "SHA256SUMS"))
	if code, out, _ := n.command("certify", "--check", bundle, "--allowed-signers", signers); code != exitDone || !strings.Contains(out, "Signed by ops@example.com") {
		t.Errorf("signed by ssh-keygen: exit %d\n%s", code, out)
	}
}

// TestBundleHoldsNoForeignNames: no name of an object is one of a file, or in SHA256SUMS.
func TestBundleHoldsNoForeignNames(t *testing.T) {
	_, _, bundle := certified(t)
	sums, err := os.ReadFile(filepath.Join(bundle, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^(?:[0-9a-f]{64}  [a-z0-9.-]+\n)+$`).Match(sums) {
		t.Errorf("SHA256SUMS:\n%s", sums)
	}
	results, err := os.ReadFile(filepath.Join(bundle, "results-000000.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(results, "\x1b\u202e") || bytes.Count(results, []byte("\n")) != 3 {
		t.Errorf("result lines:\n%q", results)
	}
	for line := range bytes.Lines(results) {
		if !json.Valid(line) {
			t.Errorf("no JSON: %q", line)
		}
	}
}

// Of what stands against a certificate the worst has its exit code, as docs/certify.md says.
func TestObjectionExit(t *testing.T) {
	for _, c := range []struct {
		kinds []certify.Kind
		want  int
	}{
		{[]certify.Kind{certify.Open}, exitRefused}, {[]certify.Kind{certify.NoKey, certify.Open}, exitRefused}, {[]certify.Kind{certify.BadKey}, exitRefused},
		{[]certify.Kind{certify.Nothing, certify.Open}, exitFailures}, {[]certify.Kind{certify.Left, certify.Open}, exitFailures}, {[]certify.Kind{certify.Untold, certify.Open}, exitFailures},
		{[]certify.Kind{certify.Nothing, certify.Open, certify.Different}, exitDifferent},
	} {
		var against []certify.Objection
		for _, k := range c.kinds {
			against = append(against, certify.Objection{Kind: k})
		}
		if got := objectionExit(&certify.Certificate{Against: against}); got != c.want {
			t.Errorf("%q: exit %d, want %d", c.kinds, got, c.want)
		}
	}
}
