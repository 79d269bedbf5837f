package front

import (
	"time"

	"reseal/internal/simulator"
)

type grantConstraints struct {
	EncryptionContextSubset map[string]string `json:",omitempty"`
	EncryptionContextEquals map[string]string `json:",omitempty"`
}

func createGrant(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct {
		KeyId, GranteePrincipal string
		Operations              []string
		Constraints             grantConstraints
	}](body)
	if err != nil {
		return nil, err
	}
	if err := refuseMembers(body, "RetiringPrincipal", "GrantTokens", "DryRun", "Name"); err != nil {
		return nil, err
	}
	g, err := world(x.front, func(w *simulator.World, now time.Time, id string) (simulator.KeyGrant, *simulator.Error) {
		return w.CreateGrant(now, principalOf(x.signer), id, simulator.KeyGrant{Grantee: in.GranteePrincipal, Operations: in.Operations,
			Subset: in.Constraints.EncryptionContextSubset, Equals: in.Constraints.EncryptionContextEquals})
	}, in.KeyId)
	if err != nil {
		return nil, err
	}
	return map[string]string{"GrantId": g.ID, "GrantToken": "simulated-" + g.ID}, nil
}

// listGrants answers the one page that there is.
func listGrants(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[keyRequest](body)
	if err != nil {
		return nil, err
	}
	if err := refuseMembers(body, "GrantId", "GranteePrincipal", "Marker"); err != nil {
		return nil, err
	}
	all, err := world(x.front, func(w *simulator.World, now time.Time, id string) ([]simulator.KeyGrant, *simulator.Error) {
		return w.ListGrants(now, principalOf(x.signer), id)
	}, in.KeyId)
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for _, g := range all {
		list = append(list, map[string]any{"GrantId": g.ID, "KeyId": g.KeyARN, "GranteePrincipal": g.Grantee, "Operations": g.Operations,
			"CreationDate": float64(g.Created.Unix()), "Constraints": grantConstraints{g.Subset, g.Equals}})
	}
	return map[string]any{"Grants": list, "Truncated": false}, nil
}

func revokeGrant(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct{ KeyId, GrantId string }](body)
	if err != nil {
		return nil, err
	}
	return nil, do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.RevokeGrant(now, principalOf(x.signer), in.KeyId, in.GrantId)
	})
}
