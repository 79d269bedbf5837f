package front

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"
)

// Identity is one set of credentials the front accepts, and who it stands for.
type Identity struct {
	AccessKeyID  string
	SecretKey    string
	SessionToken string    // when set, requests must carry exactly this token
	AccountID    string    // 12 digits
	ARN          string    // of the user or role session
	Role         string    // of a role session: the ARN of its role, with the path
	UserID       string    // as GetCallerIdentity states it; "": the access key id
	Expires      time.Time // zero: never. From then on requests fail with ExpiredToken
}

// signingKey is the key derived from a secret for one day, region and service.
// Deriving it takes four HMACs; keeping it, and HMAC states keyed with it,
// leaves one HMAC over about 150 bytes a request.
type signingKey struct{ states sync.Pool }

func newSigningKey(secret, date, region, service string) *signingKey {
	key := mac([]byte("AWS4"+secret), date)
	key = mac(key, region)
	key = mac(key, service)
	key = mac(key, "aws4_request")
	return &signingKey{states: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign appends the HMAC of message to dst. It may be called concurrently.
func (k *signingKey) sign(dst, message []byte) []byte {
	h := k.states.Get().(hash.Hash)
	h.Reset()
	h.Write(message)
	dst = h.Sum(dst)
	k.states.Put(h)
	return dst
}

func mac(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}

type signingScope struct{ accessKeyID, date, region, service string }

// maxSigningKeys bounds the cache of derived keys. Date, region and service
// come from the request, so a client could otherwise grow it at will.
const maxSigningKeys = 256

// keyring finds identities by access key id and remembers derived keys.
// It is safe for concurrent use.
type keyring struct {
	mu         sync.RWMutex
	identities map[string]*Identity
	keys       map[signingScope]*signingKey
}

// identity finds who an access key id is of, nil where it is of nobody.
func (k *keyring) identity(accessKeyID string) *Identity {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.identities[accessKeyID]
}

// add lets requests be signed by one more identity.
func (k *keyring) add(id Identity) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.identities[id.AccessKeyID] = &id
}

func newKeyring(identities []Identity) (*keyring, error) {
	k := &keyring{
		identities: make(map[string]*Identity, len(identities)),
		keys:       make(map[signingScope]*signingKey),
	}
	for _, id := range identities {
		if id.AccessKeyID == "" || id.SecretKey == "" {
			return nil, errors.New("identity without access key id or secret key")
		}
		if _, ok := k.identities[id.AccessKeyID]; ok {
			return nil, fmt.Errorf("access key id %s given twice", id.AccessKeyID)
		}
		k.identities[id.AccessKeyID] = &id
	}
	return k, nil
}

func (k *keyring) signingKey(id *Identity, scope signingScope) *signingKey {
	k.mu.RLock()
	key := k.keys[scope]
	k.mu.RUnlock()
	if key != nil {
		return key
	}
	key = newSigningKey(id.SecretKey, scope.date, scope.region, scope.service)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) >= maxSigningKeys {
		clear(k.keys)
	}
	k.keys[scope] = key
	return key
}
