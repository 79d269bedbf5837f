package front

import (
	"fmt"
	"time"

	"reseal/internal/simulator"
)

// defaultKeyPolicy is what KMS gives to keys made by its API (KMS Developer
// Guide, "Default key policy", read 2026-11-21).
const defaultKeyPolicy = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow",` +
	`"Principal":{"AWS":"arn:aws:iam::%s:root"},"Action":"kms:*","Resource":"*"}]}`

func getKeyPolicy(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[keyRequest](body)
	if err != nil {
		return nil, err
	}
	key, err := world(x.front, func(w *simulator.World, now time.Time, id string) (simulator.Key, *simulator.Error) {
		return w.GetKeyPolicy(now, principalOf(x.signer), id)
	}, in.KeyId)
	if err != nil {
		return nil, err
	}
	text := string(key.Policy)
	if text == "" {
		text = fmt.Sprintf(defaultKeyPolicy, key.Account())
	}
	return map[string]string{"Policy": text, "PolicyName": "default"}, nil
}

func putKeyPolicy(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct {
		KeyId, Policy                  string
		BypassPolicyLockoutSafetyCheck bool
	}](body)
	if err != nil {
		return nil, err
	}
	return nil, do(x.front, func(w *simulator.World, now time.Time) *simulator.Error {
		return w.PutKeyPolicy(now, principalOf(x.signer), in.KeyId, []byte(in.Policy), in.BypassPolicyLockoutSafetyCheck)
	})
}
