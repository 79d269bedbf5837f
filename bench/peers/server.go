package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// server is a simulator of its own for one run, and where speed is measured the
// stub before it.
type server struct {
	cmds          []*exec.Cmd
	env           map[string]string
	manifest, key string
	client        *http.Client
	signer        *signer
	url           *url.URL
}

// simulate runs a simulator on the first core, with the arguments that fill it.
func simulate(binary string, fill ...string) (*server, error) {
	args := pinned(0, append([]string{binary, "simulate"}, fill...)...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GOGC=400")
	s := &server{cmds: []*exec.Cmd{cmd}, env: map[string]string{}}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	secure := slices.Contains(fill, "--tls")
	want := 5
	if secure {
		want++
	}
	for lines := bufio.NewScanner(stdout); len(s.env) < want && lines.Scan(); {
		name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		s.env[name] = value
	}
	for lines := bufio.NewScanner(stderr); s.manifest == "" && lines.Scan(); {
		if _, key, ok := strings.Cut(lines.Text(), "KMS key "); ok {
			s.key = key
		}
		if _, m, ok := strings.Cut(lines.Text(), "report: --manifest "); ok {
			s.manifest = m
		}
	}
	if s.manifest == "" || s.key == "" || len(s.env) < want {
		s.stop()
		return nil, fmt.Errorf("the simulator did not start")
	}
	return s, s.connect()
}

// before puts a stub on the first core before the simulator.
func (s *server) before(self, folder string, secure bool, latency time.Duration) error {
	bundle := filepath.Join(folder, "stub.pem")
	args := pinned(0, self, "stub", "-upstream", s.env["AWS_ENDPOINT_URL"], "-key", s.key, "-latency", latency.String(), "-bundle", bundle)
	if secure {
		args = append(args, "-tls")
		s.env["AWS_CA_BUNDLE"] = bundle
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmds = append(s.cmds, cmd)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start stub: %w", err)
	}
	s.env["AWS_ENDPOINT_URL"] = strings.TrimSpace(line)
	return s.connect()
}

// connect makes the client that the measurement itself uses.
func (s *server) connect() error {
	transport := &http.Transport{}
	if bundle := s.env["AWS_CA_BUNDLE"]; bundle != "" {
		var err error
		if transport.TLSClientConfig, err = trust(bundle); err != nil {
			return err
		}
	}
	s.client = &http.Client{Transport: transport}
	var err error
	if s.url, err = url.Parse(s.env["AWS_ENDPOINT_URL"]); err != nil {
		return err
	}
	s.signer = &signer{access: s.env["AWS_ACCESS_KEY_ID"], secret: s.env["AWS_SECRET_ACCESS_KEY"], region: s.env["AWS_REGION"]}
	s.signer.prepare(time.Now())
	return nil
}

func (s *server) stop() {
	for _, cmd := range s.cmds {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// environ is the environment of a tool that is to use the server.
func (s *server) environ() []string {
	env := append(os.Environ(), "AWS_EC2_METADATA_DISABLED=true", "S3_ENDPOINT_URL="+s.env["AWS_ENDPOINT_URL"])
	for name, value := range s.env {
		env = append(env, name+"="+value)
	}
	return env
}

// get sends a signed GET or HEAD.
func (s *server) get(method, path, query string) (*http.Response, error) {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	r := &http.Request{Method: method, Header: http.Header{},
		URL: &url.URL{Scheme: s.url.Scheme, Host: s.url.Host, Path: plain, RawPath: path, RawQuery: query}}
	for _, p := range s.signer.sign(method, path, query, []pair{{"host", s.url.Host}}) {
		if p.name != "host" {
			r.Header.Set(p.name, p.value)
		}
	}
	return s.client.Do(r)
}

// list returns the keys of the bucket.
func (s *server) list() ([]string, error) {
	var keys []string
	query := "list-type=2"
	for {
		response, err := s.get(http.MethodGet, "/"+bucket, query)
		if err != nil {
			return nil, err
		}
		var page struct {
			Contents []struct{ Key string }
			Next     string `xml:"NextContinuationToken"`
		}
		err = xml.NewDecoder(response.Body).Decode(&page)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("list: %s %v", response.Status, err)
		}
		for _, c := range page.Contents {
			keys = append(keys, c.Key)
		}
		if page.Next == "" {
			return keys, nil
		}
		query = "continuation-token=" + strings.ReplaceAll(escape(page.Next), "/", "%2F") + "&list-type=2"
	}
}

// calls returns what the simulator has answered: all requests, and copies that worked.
func (s *server) calls() (all, copies int64, err error) {
	var c struct {
		Calls []struct {
			Op     string `json:"op"`
			Status int    `json:"status"`
			Count  int64  `json:"count"`
		} `json:"calls"`
	}
	if err := s.document("/_simulator/counters", &c); err != nil {
		return 0, 0, err
	}
	for _, call := range c.Calls {
		all += call.Count
		if call.Op == "CopyObject" && call.Status == http.StatusOK {
			copies += call.Count
		}
	}
	return all, copies, nil
}

// document reads a JSON document of the server.
func (s *server) document(path string, to any) error {
	response, err := s.client.Get(s.env["AWS_ENDPOINT_URL"] + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(to)
}

// looks returns what HeadObject says of keys.
func (s *server) looks(keys []string) ([]http.Header, error) {
	out := make([]http.Header, len(keys))
	for i, key := range keys {
		response, err := s.get(http.MethodHead, "/"+bucket+"/"+escape(key), "")
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
		out[i] = response.Header
	}
	return out, nil
}
