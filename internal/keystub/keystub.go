package keystub

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The keys that there are.
const (
	Key      = "k1"        // works
	Denied   = "kdenied"   // answers 403
	Throttle = "kthrottle" // answers 429 above a rate; see Server.Allow
)

// Server is a running stub.
type Server struct {
	URL      string // https, on loopback
	CertFile string // PEM of the certificate, for servers that are to trust it and show it
	KeyFile  string // PEM of its private key

	now   func() time.Time
	mu    sync.Mutex
	allow int // requests for Throttle in any second, 0 = all
	calls map[string]int
	last  []time.Time // of the requests for Throttle that were let through in the last second
}

// Start starts a stub that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{calls: map[string]int{}, now: time.Now}
	dir := t.TempDir()
	s.CertFile, s.KeyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	cert, err := s.certificate()
	if err != nil {
		t.Fatalf("make certificate: %v", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	s.URL = "https://" + ln.Addr().String()
	server := &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig:         &tls.Config{ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.ServeTLS(ln, "", ""); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("key stub: %v", err)
		}
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return s
}

// Allow lets so many requests for the key Throttle through in any second.
func (s *Server) Allow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allow = n
}

// Calls returns how often an operation (generate, decrypt, describe) was asked
// of a key, and with "429 " in front of it how often it was throttled.
func (s *Server) Calls(op, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op+" "+key]
}

// certificate makes a certificate for loopback and writes it out.
func (s *Server) certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "keystub"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	for name, block := range map[string]*pem.Block{s.CertFile: {Type: "CERTIFICATE", Bytes: der}, s.KeyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			return tls.Certificate{}, err
		}
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// admit counts a request and tells whether it is let through.
func (s *Server) admit(op, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op+" "+key]++
	if key != Throttle || s.allow == 0 || op != "generate" && op != "decrypt" {
		return true
	}
	now := s.now()
	for len(s.last) > 0 && now.Sub(s.last[0]) >= time.Second {
		s.last = s.last[1:]
	}
	if len(s.last) >= s.allow {
		s.calls["429 "+op+" "+key]++
		return false
	}
	s.last = append(s.last, now)
	return true
}

// request is what the operations are asked for.
type request struct{ Context, Ciphertext []byte }

// serve answers one request: GET /version, /v1/status, /v1/ready, and
// /v1/key/OPERATION/NAME.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // the client may be gone
	}
	fail := func(status int, message string) { answer(status, map[string]string{"message": message}) }
	switch r.URL.Path {
	case "/version", "/v1/status", "/v1/ready":
		answer(http.StatusOK, map[string]any{"version": "stub", "keystore_latency": 1})
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 4 || parts[1] != "key" {
		fail(http.StatusNotFound, "not found")
		return
	}
	op, key := parts[2], parts[3]
	admitted := s.admit(op, key)
	switch {
	case key != Key && key != Denied && key != Throttle:
		fail(http.StatusNotFound, "key does not exist")
		return
	case key == Denied:
		fail(http.StatusForbidden, "not authorized: insufficient permissions")
		return
	case !admitted:
		fail(http.StatusTooManyRequests, "too many requests")
		return
	}
	var in request
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, &in)
	}
	if err != nil {
		fail(http.StatusBadRequest, "malformed request")
		return
	}
	switch op {
	case "describe":
		answer(http.StatusOK, map[string]any{"name": key, "created_at": time.Now()})
	case "generate":
		out, err := generate(key, in.Context)
		if err != nil {
			fail(http.StatusInternalServerError, err.Error())
			return
		}
		answer(http.StatusOK, out)
	case "decrypt":
		plain, err := decrypt(key, in)
		if err != nil {
			fail(http.StatusBadRequest, "decryption failed: ciphertext is not authentic")
			return
		}
		answer(http.StatusOK, map[string][]byte{"plaintext": plain})
	default:
		fail(http.StatusNotFound, "unsupported "+op)
	}
}

// sealer is the cipher of a key, made of its name.
func sealer(key string) (cipher.AEAD, error) {
	sum := sha256.Sum256([]byte("stub:" + key))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// generate makes a data key, plain and sealed.
func generate(key string, context []byte) (map[string][]byte, error) {
	a, err := sealer(key)
	if err != nil {
		return nil, err
	}
	plain, nonce := make([]byte, 32), make([]byte, a.NonceSize())
	if _, err := rand.Read(plain); err != nil {
		return nil, err
	}
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return map[string][]byte{"plaintext": plain, "ciphertext": a.Seal(nonce, nonce, plain, context)}, nil
}

// decrypt opens a sealed data key.
func decrypt(key string, in request) ([]byte, error) {
	a, err := sealer(key)
	if err != nil {
		return nil, err
	}
	n := a.NonceSize()
	if len(in.Ciphertext) < n {
		return nil, fmt.Errorf("ciphertext of %d bytes", len(in.Ciphertext))
	}
	return a.Open(nil, in.Ciphertext[:n], in.Ciphertext[n:], in.Context)
}
