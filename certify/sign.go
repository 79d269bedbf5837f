package certify

import (
	"bytes"
	_ "crypto/sha512" // the hash of a signature
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"reseal/internal/smallfile"
)

// maxKeyFile is how large the file of a private key may be, in bytes.
const maxKeyFile = 64 << 10

// KeyError is a file whose key cannot sign.
type KeyError struct {
	File   string
	Locked bool // by a passphrase
	Err    error
}

func (e *KeyError) Error() string {
	if e.Locked {
		return fmt.Sprintf("the key in %s has a passphrase, and reseal asks for none", e.File)
	}
	return fmt.Sprintf("%s has no private key of SSH that can sign: %v", e.File, e.Err)
}

// Unwrap returns what the reader of keys said.
func (e *KeyError) Unwrap() error { return e.Err }

// ReadSigner reads a private key of SSH, as ssh-keygen writes it.
func ReadSigner(file string) (ssh.Signer, error) {
	text, err := smallfile.Read(file, maxKeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, &KeyError{file, errors.As(err, new(*ssh.PassphraseMissingError)), err}
	}
	return signer, nil
}

// sign signs SHA256SUMS as ssh-keygen -Y sign does, and looks whether that holds.
func sign(signer ssh.Signer, sums []byte) ([]byte, error) {
	made, err := sshsig.Sign(bytes.NewReader(sums), signer, sshsig.HashSHA512, Namespace)
	if err != nil {
		return nil, fmt.Errorf("sign the bundle: %w", err)
	}
	text := sshsig.Armor(made)
	if _, err := signedBy(text, sums); err != nil {
		return nil, fmt.Errorf("sign the bundle: %w", err)
	}
	return text, nil
}

// The lines around a signature.
const (
	beginSignature = "-----BEGIN SSH SIGNATURE-----\n"
	endSignature   = "\n-----END SSH SIGNATURE-----\n"
)

// signedBy returns the key that signed SHA256SUMS. An error says in words what is wrong
// with the signature. It has one spelling, but for the length of its lines.
func signedBy(signature, sums []byte) (ssh.PublicKey, error) {
	body, begins := strings.CutPrefix(string(signature), beginSignature)
	body, ends := strings.CutSuffix(body, endSignature)
	if !begins || !ends || strings.Contains(body, "\r") {
		return nil, errors.New("is no signature of SSH")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(body) // which passes over line ends
	if err != nil {
		return nil, errors.New("is no signature of SSH: it is not in base64")
	}
	s, err := sshsig.ParseSignature(blob)
	if err != nil {
		return nil, fmt.Errorf("is no signature of SSH: %w", err)
	}
	if !bytes.Equal(s.Marshal(), blob) {
		return nil, errors.New("is no signature of SSH: it has more in it")
	}
	if s.Namespace != Namespace {
		return nil, fmt.Errorf("is one for %q, and not for %q", s.Namespace, Namespace)
	}
	if err := sshsig.Verify(bytes.NewReader(sums), s, s.PublicKey, s.HashAlgorithm, Namespace); err != nil {
		return nil, fmt.Errorf("does not hold for %s: %w", sumsFile, err)
	}
	return s.PublicKey, nil
}

// fingerprint names a key as ssh-keygen -l does.
func fingerprint(key ssh.PublicKey) string { return ssh.FingerprintSHA256(key) }
