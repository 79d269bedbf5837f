package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"reseal/internal/wait"
)

// controlPlane is a Kubernetes of this machine's loopback: etcd, the API server, the
// controllers that a Job needs, and a kubelet that runs pods as processes.
type controlPlane struct {
	t      *testing.T
	url    string
	client *http.Client
	folder string // logs, and in pods a folder for each pod
}

// planeToken is that of the administrator of a control plane which lives as long as a test.
const planeToken = "scene"

// startControlPlane starts the programs of a folder, until the test ends. program is what the
// images of pods have in them.
func startControlPlane(t *testing.T, programs, program string) *controlPlane {
	t.Helper()
	c := &controlPlane{t: t, folder: t.TempDir()}
	addresses := freeAddresses(t, 4)
	_, port, err := net.SplitHostPort(addresses[2])
	if err != nil {
		t.Fatal(err)
	}
	_, controllerPort, err := net.SplitHostPort(addresses[3])
	if err != nil {
		t.Fatal(err)
	}
	c.url = "https://" + addresses[2]
	public, private := c.serviceAccountKeys()
	tokens := c.write("tokens.csv", planeToken+",admin,1,system:masters\n")
	certificates := filepath.Join(c.folder, "certificates")
	c.start(programs, "etcd", "--data-dir="+filepath.Join(c.folder, "etcd"), "--listen-client-urls=http://"+addresses[0], "--advertise-client-urls=http://"+addresses[0],
		"--listen-peer-urls=http://"+addresses[1], "--initial-advertise-peer-urls=http://"+addresses[1], "--initial-cluster=default=http://"+addresses[1])
	c.start(programs, "kube-apiserver", "--etcd-servers=http://"+addresses[0], "--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir="+certificates,
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+public, "--service-account-signing-key-file="+private,
		"--service-cluster-ip-range=10.0.0.0/24", "--token-auth-file="+tokens, "--authorization-mode=AlwaysAllow", "--disable-admission-plugins=ServiceAccount")
	certificate := filepath.Join(certificates, "apiserver.crt")
	c.waitUntilReady(certificate)
	kubeconfig := c.write("kubeconfig", fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: scene,
clusters: [{name: scene, cluster: {server: %q, certificate-authority: %q}}],
users: [{name: scene, user: {token: %q}}], contexts: [{name: scene, context: {cluster: scene, user: scene}}]}
`, c.url, certificate, planeToken))
	c.start(programs, "kube-controller-manager", "--kubeconfig="+kubeconfig, "--bind-address=127.0.0.1", "--secure-port="+controllerPort, "--leader-elect=false",
		"--cert-dir="+filepath.Join(c.folder, "controllers"), "--controllers=job-controller,garbage-collector-controller,pod-garbage-collector-controller,ttl-after-finished-controller")
	c.start(programs, "kubelet", "-kubeconfig", kubeconfig, "-program", program, "-folder", filepath.Join(c.folder, "pods"))
	return c
}

// serviceAccountKeys makes the pair of keys that the API server wants for tokens.
func (c *controlPlane) serviceAccountKeys() (public, private string) {
	c.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		c.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.write("sa.pub", string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))),
		c.write("sa.key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
}

func (c *controlPlane) write(name, text string) (file string) {
	c.t.Helper()
	file = filepath.Join(c.folder, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return file
}

// start starts a program until the test ends. What it prints is shown where the test fails.
func (c *controlPlane) start(programs, name string, args ...string) {
	c.t.Helper()
	cmd, out := exec.Command(filepath.Join(programs, name), args...), &tail{}
	cmd.Stderr = out
	if name == "kubelet" { // all of it is looked at
		log, err := os.Create(filepath.Join(c.folder, "kubelet.log"))
		if err != nil {
			c.t.Fatal(err)
		}
		c.t.Cleanup(func() { _ = log.Close() })
		cmd.Stderr = log
	}
	ended := startCommand(c.t, cmd)
	c.t.Cleanup(func() {
		if cmd.Process.Signal(syscall.SIGTERM) != nil {
			c.t.Errorf("%s ended before its time", name)
		}
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		if c.t.Failed() {
			c.t.Logf("%s: %s", name, out)
		}
	})
}

// waitUntilReady waits for the API server and its certificate.
func (c *controlPlane) waitUntilReady(certificate string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		var err error
		if c.client == nil {
			c.client, err = clientOf(certificate)
		}
		if err == nil {
			if err = c.call(ctx, http.MethodGet, "/readyz", nil, nil); err == nil {
				err = c.call(ctx, http.MethodGet, "/api/v1/namespaces/default", nil, nil)
			}
		}
		if err == nil {
			return
		}
		if wait.For(ctx, 200*time.Millisecond) != nil {
			c.t.Fatalf("the API server is not ready: %v", err)
		}
	}
}

// clientOf trusts a certificate that signs itself.
func clientOf(certificate string) (*http.Client, error) {
	text, err := os.ReadFile(certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate yet", certificate)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 30 * time.Second}, nil
}

// call sends a request to the API. A body is YAML, of which JSON is a part; the server
// refuses fields that it does not know. The answer is read into a value, if one is given.
func (c *controlPlane) call(ctx context.Context, method, path string, body []byte, into any) error {
	if method == http.MethodPost {
		path += "?fieldValidation=Strict"
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+planeToken)
	req.Header.Set("Content-Type", "application/yaml")
	req.Header.Set("Accept", "application/json, */*;q=0.1")
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode/100 != 2:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

// must is call for what must be right.
func (c *controlPlane) must(method, path string, body []byte, into any) {
	c.t.Helper()
	if err := c.call(c.t.Context(), method, path, body, into); err != nil {
		c.t.Fatal(err)
	}
}
