package simulator

import (
	"fmt"
	"slices"
	"time"
)

// KeyGrant is a KMS grant: it lets one principal use a key, whatever the key's policy says of him, where the encryption
// context meets its constraints (AWS KMS Developer Guide, "grants", read 2026-11-29).
type KeyGrant struct {
	ID, KeyARN, Grantee string
	Operations          []string
	Subset, Equals      map[string]string // EncryptionContextSubset and EncryptionContextEquals
	Created             time.Time
}

// CreateGrant adds a grant to a key and returns it with its id.
func (w *World) CreateGrant(now time.Time, p Principal, keyID string, g KeyGrant) (KeyGrant, *Error) {
	return kmsCall(w, now, OpCreateGrant, p, keyID, func(c *call) (KeyGrant, *Error) {
		k, err := c.keyOfGrants(keyID)
		if err != nil {
			return KeyGrant{}, err
		}
		if g.Grantee == "" || len(g.Operations) == 0 {
			return KeyGrant{}, fail(400, "ValidationException", "GranteePrincipal and Operations are needed.")
		}
		if w.cfg.Exists != nil && arnField(g.Grantee, 4) == w.cfg.Account && arnField(g.Grantee, 2) == "iam" && !w.cfg.Exists(g.Grantee) {
			return KeyGrant{}, fail(400, "InvalidArnException", "Grantee principal is not valid.")
		}
		w.kms.made++
		g.ID, g.KeyARN, g.Created = fmt.Sprintf("%064x", w.kms.made), k.ARN, now
		w.kms.grants = append(w.kms.grants, g)
		return g, nil
	})
}

// ListGrants returns the grants of a key.
func (w *World) ListGrants(now time.Time, p Principal, keyID string) ([]KeyGrant, *Error) {
	return kmsCall(w, now, OpListGrants, p, keyID, func(c *call) ([]KeyGrant, *Error) {
		k, err := c.keyOfGrants(keyID)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Clone(w.kms.grants), func(g KeyGrant) bool { return g.KeyARN != k.ARN }), nil
	})
}

// RevokeGrant takes a grant away.
func (w *World) RevokeGrant(now time.Time, p Principal, keyID, id string) *Error {
	_, err := kmsCall(w, now, OpRevokeGrant, p, keyID, func(c *call) (struct{}, *Error) {
		k, err := c.keyOfGrants(keyID)
		if err != nil {
			return struct{}{}, err
		}
		before := len(w.kms.grants)
		w.kms.grants = slices.DeleteFunc(w.kms.grants, func(g KeyGrant) bool { return g.KeyARN == k.ARN && g.ID == id })
		if len(w.kms.grants) == before {
			return struct{}{}, fail(400, "NotFoundException", "Grant "+id+" was not found")
		}
		return struct{}{}, nil
	})
	return err
}

// keyOfGrants finds a key whose grants the requester may manage as the operation does.
func (c *call) keyOfGrants(keyID string) (*Key, *Error) {
	k, err := c.w.findKey(c.w.cfg.Region, c.account(), keyID)
	if err != nil {
		return nil, err
	}
	return k, c.w.allowKey(c.req.Principal, string(c.op), k, "", "", nil)
}

// granted tells whether a grant lets the principal, or the role of his session.
func (w *World) granted(p Principal, action string, k *Key, context map[string]string) bool {
	return slices.ContainsFunc(w.kms.grants, func(g KeyGrant) bool {
		return g.KeyARN == k.ARN && (g.Grantee == p.ARN || p.Role != "" && g.Grantee == p.Role) && slices.Contains(g.Operations, action) && g.meets(context)
	})
}

func (g *KeyGrant) meets(context map[string]string) bool {
	for name, value := range g.Subset {
		if context[name] != value {
			return false
		}
	}
	if g.Equals == nil {
		return true
	}
	for name, value := range g.Equals {
		if context[name] != value {
			return false
		}
	}
	return len(context) == len(g.Equals)
}
