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
	"strconv"
	"strings"
	"time"
)

// server is a simulator of its own for one run.
type server struct {
	cmd           *exec.Cmd
	env           map[string]string
	manifest, key string
	client        *http.Client
	signer        *signer
	url           *url.URL
}

const bucket = "reseal-demo"

// start runs a simulator with n objects on the first core.
func start(binary string, n int, latency time.Duration) (*server, error) {
	args := pinned(0, binary, "simulate", "--tls", "--objects", strconv.Itoa(n), "--latency", latency.String())
	s := &server{cmd: exec.Command(args[0], args[1:]...), env: map[string]string{}}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(stdout); len(s.env) < 6 && lines.Scan(); {
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
	if s.manifest == "" || s.key == "" || s.env["AWS_CA_BUNDLE"] == "" {
		s.stop()
		return nil, fmt.Errorf("the simulator did not start")
	}
	config, err := trust(s.env["AWS_CA_BUNDLE"])
	if err != nil {
		s.stop()
		return nil, err
	}
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	if s.url, err = url.Parse(s.env["AWS_ENDPOINT_URL"]); err != nil {
		s.stop()
		return nil, err
	}
	s.signer = &signer{access: s.env["AWS_ACCESS_KEY_ID"], secret: s.env["AWS_SECRET_ACCESS_KEY"], region: s.env["AWS_REGION"]}
	s.signer.prepare(time.Now())
	return s, nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
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

// calls returns how many requests were answered, and how many were copies that
// worked.
func (s *server) calls() (all, copies int64, err error) {
	response, err := s.client.Get(s.env["AWS_ENDPOINT_URL"] + "/_simulator/counters")
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	var c struct {
		Calls []struct {
			Op     string `json:"op"`
			Status int    `json:"status"`
			Count  int64  `json:"count"`
		} `json:"calls"`
	}
	if err := json.NewDecoder(response.Body).Decode(&c); err != nil {
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
