package front

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// maxPlaintext is what Encrypt takes (KMS API Reference, Encrypt; from memory,
// the page was not read again).
const maxPlaintext = 4096

// secretRequest is a direct cryptographic request, of whatever kind.
type secretRequest struct {
	KeyId, KeySpec            string
	NumberOfBytes             int
	Plaintext, CiphertextBlob []byte
	EncryptionContext         map[string]string
	EncryptionAlgorithm       string
	DryRun                    bool
}

// useKey asks the core whether the key can be used; it gives the key's ARN.
func (x *exchange) useKey(op simulator.Op, in *secretRequest, wrapped string) (string, error) {
	if a := in.EncryptionAlgorithm; a != "" && a != "SYMMETRIC_DEFAULT" {
		return "", notHere("KMS keys that are not symmetric")
	}
	return world(x.front, (*simulator.World).UseKey, &simulator.KeyUse{Principal: principalOf(x.signer), Op: op, KeyID: in.KeyId,
		Wrapped: wrapped, Context: in.EncryptionContext, DryRun: in.DryRun})
}

// generateDataKey answers a key that differs with each request, but is no
// secret: it comes from the id of the request.
func generateDataKey(x *exchange, body []byte) (any, error) {
	return x.dataKey(simulator.OpGenerateDataKey, body)
}

func generateDataKeyAlone(x *exchange, body []byte) (any, error) {
	out, err := x.dataKey(simulator.OpDataKeyAlone, body)
	delete(out, "Plaintext")
	return out, err
}

func (x *exchange) dataKey(op simulator.Op, body []byte) (map[string]any, error) {
	in, err := parseJSON[secretRequest](body)
	if err != nil {
		return nil, err
	}
	if err := refuseMembers(body, "Recipient"); err != nil {
		return nil, err
	}
	size := in.NumberOfBytes
	switch in.KeySpec {
	case "AES_128":
		size = 16
	case "AES_256":
		size = 32
	}
	if size < 1 || size > 1024 {
		return nil, errValidation("Please specify either number of bytes or key spec.")
	}
	arn, err := x.useKey(op, &in, "")
	if err != nil {
		return nil, err
	}
	plain := make([]byte, size)
	source := rand.NewChaCha8(sha256.Sum256([]byte("data key " + x.requestID)))
	_, _ = source.Read(plain) // never fails
	return map[string]any{"KeyId": arn, "Plaintext": plain, "CiphertextBlob": x.seal(arn, in.EncryptionContext, plain)}, nil
}

func errValidation(message string) *wireError {
	return newError(http.StatusBadRequest, "ValidationException", message)
}

func encrypt(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[secretRequest](body)
	if err != nil {
		return nil, err
	}
	if n := len(in.Plaintext); n < 1 || n > maxPlaintext {
		return nil, errValidation("1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length between 1 and 4096")
	}
	arn, err := x.useKey(simulator.OpEncrypt, &in, "")
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyId": arn, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
		"CiphertextBlob": x.seal(arn, in.EncryptionContext, in.Plaintext)}, nil
}

func decrypt(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[secretRequest](body)
	if err != nil {
		return nil, err
	}
	bad := newError(http.StatusBadRequest, "InvalidCiphertextException", "")
	rest, ok := strings.CutPrefix(string(in.CiphertextBlob), sealedMark)
	wrapped, sealed, ok2 := strings.Cut(rest, "\x00")
	if !ok || !ok2 {
		return nil, bad
	}
	arn, err := x.useKey(simulator.OpDecrypt, &in, wrapped)
	if err != nil {
		return nil, err
	}
	gcm := sealer(arn)
	if len(sealed) < gcm.NonceSize() {
		return nil, bad
	}
	nonce, sealed := sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():]
	plain, err := gcm.Open(nil, []byte(nonce), []byte(sealed), contextBytes(in.EncryptionContext))
	if err != nil {
		return nil, bad
	}
	return map[string]any{"KeyId": arn, "Plaintext": plain, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}, nil
}

// sealedMark begins each ciphertext; the ARN of its key follows, up to a zero byte.
const sealedMark = "simulated ciphertext under "

// seal encrypts for Decrypt. Whoever has the simulator can undo it.
func (x *exchange) seal(arn string, context map[string]string, plain []byte) []byte {
	gcm := sealer(arn)
	nonce := sha256.Sum256([]byte("nonce " + x.requestID))
	out := append([]byte(sealedMark+arn+"\x00"), nonce[:gcm.NonceSize()]...)
	return gcm.Seal(out, nonce[:gcm.NonceSize()], plain, contextBytes(context))
}

func sealer(arn string) cipher.AEAD {
	key := sha256.Sum256([]byte("simulated key " + arn))
	block, _ := aes.NewCipher(key[:]) // 32 bytes are a key
	gcm, _ := cipher.NewGCM(block)
	return gcm
}

// contextBytes is an encryption context in an order that does not depend on the
// client's.
func contextBytes(context map[string]string) []byte {
	if len(context) == 0 {
		return nil
	}
	data, _ := json.Marshal(context) // sorts the keys; strings always marshal
	return data
}

func listKeys(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct {
		Limit  int
		Marker string
	}](body)
	if err != nil {
		return nil, err
	}
	if in.Limit == 0 {
		in.Limit = 100
	}
	if in.Limit < 1 || in.Limit > 1000 {
		return nil, errValidation("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must be between 1 and 1000")
	}
	page, err := world(x.front, func(w *simulator.World, now time.Time, marker string) (simulator.KeyPage, *simulator.Error) {
		return w.ListKeys(now, principalOf(x.signer), marker, in.Limit)
	}, in.Marker)
	if err != nil {
		return nil, err
	}
	type entry struct{ KeyId, KeyArn string }
	list := []entry{}
	for i := range page.Keys {
		list = append(list, entry{page.Keys[i].ID(), page.Keys[i].ARN})
	}
	out := map[string]any{"Keys": list, "Truncated": page.Next != ""}
	if page.Next != "" {
		out["NextMarker"] = page.Next
	}
	return out, nil
}
