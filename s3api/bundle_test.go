package s3api

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The file of certificate authorities that a profile names is read as carefully as the
// one of a flag: a pipe holds nobody up, and what is wrong with it is said in plain words.
func TestBundleOfProfile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(at("good"), certificate(t), 0o600), os.WriteFile(at("bad"), []byte("x"), 0o600), syscall.Mkfifo(at("pipe"), 0o600),
		os.WriteFile(at("config"), []byte("[default]\nca_bundle = "+at("good")+"\n[profile pipe]\nca_bundle = "+at("pipe")+"\n[profile bad]\nca_bundle = "+at("bad")+
			"\n[profile none]\nca_bundle = "+at("none")+"\n[profile role]\nca_bundle = "+at("pipe")+"\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = keys\n"), 0o600),
		os.WriteFile(at("credentials"), []byte("[keys]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = x\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for profile, want := range map[string]string{
		"": "", "none": "read CA bundle " + at("none") + ": no such file or directory", "bad": "read CA bundle " + at("bad") + ": no certificate in PEM is in it",
		"pipe": "read CA bundle " + at("pipe") + ": is a FIFO; want a regular file", "role": "read CA bundle " + at("pipe") + ": is a FIFO; want a regular file",
	} {
		t.Run(profile, func(t *testing.T) {
			hermetic(t)
			t.Setenv("AWS_CONFIG_FILE", at("config"))
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", at("credentials"))
			c, err := New(t.Context(), Config{Profile: profile, Region: "eu-west-1"})
			if want == "" {
				if err != nil || !c.Endpoint().ownRoots {
					t.Errorf("New = %v; want roots of its own", err)
				}
				return
			}
			if err == nil || err.Error() != want || KindOf(err) != BadBundle {
				t.Errorf("New = %v (%s), want %q", err, KindOf(err), want)
			}
		})
	}
}

// Credentials that have run out are read anew with a bundle, too.
func TestRenewalWithBundle(t *testing.T) {
	hermetic(t)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, certificate(t), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(t.Context(), Config{Region: "eu-west-1", CABundle: bundle})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := c.credentials.reload(t.Context()); err != nil || p == nil {
			t.Errorf("reload = %v, %v", p, err)
		}
	}
}
