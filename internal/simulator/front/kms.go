package front

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// keyMetadata is KeyMetadata of the KMS API.
type keyMetadata struct {
	AWSAccountId          string
	KeyId                 string
	Arn                   string
	CreationDate          float64 // seconds since 1970
	Enabled               bool
	Description           string
	KeyUsage              string
	KeyState              string
	DeletionDate          float64 `json:",omitempty"`
	Origin                string
	KeyManager            string
	CustomerMasterKeySpec string
	KeySpec               string
	EncryptionAlgorithms  []string `json:",omitempty"`
	MultiRegion           bool
	CustomKeyStoreId      string `json:",omitempty"`
}

func describe(k *simulator.Key) keyMetadata {
	m := keyMetadata{
		AWSAccountId: k.Account(),
		KeyId:        k.ID(),
		Arn:          k.ARN,
		Description:  k.Description,
		KeyUsage:     orElse(k.Usage, "ENCRYPT_DECRYPT"),
		KeyState:     orElse(string(k.State), string(simulator.KeyEnabled)),
		Origin:       "AWS_KMS",
		KeyManager:   orElse(k.Manager, "CUSTOMER"),
		KeySpec:      orElse(k.Spec, "SYMMETRIC_DEFAULT"),
		MultiRegion:  strings.HasPrefix(k.ID(), "mrk-"),
	}
	if m.CustomKeyStoreId = k.Store; k.Store != "" {
		m.Origin = "AWS_CLOUDHSM"
	}
	if !k.Created.IsZero() {
		m.CreationDate = float64(k.Created.UnixMilli()) / 1000
	}
	m.CustomerMasterKeySpec = m.KeySpec
	m.Enabled = m.KeyState == string(simulator.KeyEnabled)
	if m.KeySpec == "SYMMETRIC_DEFAULT" {
		m.EncryptionAlgorithms = []string{"SYMMETRIC_DEFAULT"}
	}
	return m
}

type keyRequest struct{ KeyId string }

func describeKey(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[keyRequest](body)
	if err != nil {
		return nil, err
	}
	key, err := world(x.front, func(w *simulator.World, now time.Time, id string) (simulator.Key, *simulator.Error) {
		return w.DescribeKey(now, principalOf(x.signer), id)
	}, in.KeyId)
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": describe(&key)}, nil
}

func listAliases(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[keyRequest](body)
	if err != nil {
		return nil, err
	}
	aliases, err := world(x.front, func(w *simulator.World, now time.Time, id string) (map[string]string, *simulator.Error) {
		return w.ListAliases(now, principalOf(x.signer), id)
	}, in.KeyId)
	if err != nil {
		return nil, err
	}
	type entry struct{ AliasName, AliasArn, TargetKeyId string }
	list := []entry{}
	for _, name := range slices.Sorted(maps.Keys(aliases)) {
		base, id, _ := strings.Cut(aliases[name], ":key/")
		list = append(list, entry{name, base + ":" + name, id})
	}
	return map[string]any{"Aliases": list, "Truncated": false}, nil
}

func createKey(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct {
		KeyUsage, KeySpec, Description, Policy, Origin string
		MultiRegion                                    bool
		BypassPolicyLockoutSafetyCheck                 bool
	}](body)
	if err != nil {
		return nil, err
	}
	if err := refuseMembers(body, "Tags", "CustomKeyStoreId", "XksKeyId"); err != nil {
		return nil, err
	}
	if in.Origin != "" && in.Origin != "AWS_KMS" {
		return nil, notHere("Origin " + in.Origin)
	}
	var document []byte
	if in.Policy != "" {
		document = []byte(in.Policy)
	}
	var refused *simulator.Error
	var key simulator.Key
	x.front.Locked(func(w *simulator.World) {
		key = simulator.Key{
			ARN:    fmt.Sprintf("arn:aws:kms:%s:%s:key/%s", w.Config().Region, x.signer.identity.AccountID, x.front.newKeyID(in.MultiRegion)),
			State:  simulator.KeyEnabled,
			Usage:  in.KeyUsage,
			Spec:   in.KeySpec,
			Policy: document,

			Description: in.Description,
			Created:     x.front.config.Now(),
		}
		if document != nil {
			refused = w.CheckKeyPolicy(principalOf(x.signer), &key, document, in.BypassPolicyLockoutSafetyCheck)
		}
		if refused == nil {
			err = w.CreateKey(key)
		}
	})
	if refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, kmsFailure(err)
	}
	return map[string]any{"KeyMetadata": describe(&key)}, nil
}

// newKeyID makes an id in the form of a UUID out of the request ids' sequence.
func (f *Front) newKeyID(multiRegion bool) string {
	n := f.ids.seed + f.ids.n.Add(1)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], mix(n))
	binary.BigEndian.PutUint64(b[8:], mix(^n))
	if multiRegion {
		return fmt.Sprintf("mrk-%x", b)
	}
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func createAlias(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct{ AliasName, TargetKeyId string }](body)
	if err != nil {
		return nil, err
	}
	key, err := x.findKey(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	return nil, do(x.front, func(w *simulator.World, _ time.Time) *simulator.Error { return w.AddAlias(in.AliasName, key.ARN) })
}

// findKey resolves a key id the way DescribeKey does.
func (x *exchange) findKey(id string) (simulator.Key, error) {
	return world(x.front, func(w *simulator.World, now time.Time, id string) (simulator.Key, *simulator.Error) {
		return w.DescribeKey(now, principalOf(x.signer), id)
	}, id)
}

func (x *exchange) setKeyState(body []byte, state simulator.KeyState) (simulator.Key, error) {
	in, err := parseJSON[keyRequest](body)
	if err != nil {
		return simulator.Key{}, err
	}
	key, err := x.findKey(in.KeyId)
	if err != nil {
		return key, err
	}
	x.front.Locked(func(w *simulator.World) { err = w.SetKeyState(key.ARN, state) })
	if err != nil {
		return key, kmsFailure(err)
	}
	return key, nil
}

func enableKey(x *exchange, body []byte) (any, error) {
	_, err := x.setKeyState(body, simulator.KeyEnabled)
	return nil, err
}

func disableKey(x *exchange, body []byte) (any, error) {
	_, err := x.setKeyState(body, simulator.KeyDisabled)
	return nil, err
}

func scheduleKeyDeletion(x *exchange, body []byte) (any, error) {
	in, err := parseJSON[struct{ PendingWindowInDays int }](body)
	if err != nil {
		return nil, err
	}
	days := in.PendingWindowInDays
	if days == 0 {
		days = 30 // KMS API Reference, ScheduleKeyDeletion, read 2026-11-21
	}
	if days < 7 || days > 30 {
		return nil, newError(http.StatusBadRequest, "ValidationException", "PendingWindowInDays must be between 7 and 30.")
	}
	key, err := x.setKeyState(body, simulator.KeyPendingDeletion)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"KeyId":               key.ARN,
		"KeyState":            simulator.KeyPendingDeletion,
		"DeletionDate":        float64(x.front.config.Now().AddDate(0, 0, days).Unix()),
		"PendingWindowInDays": days,
	}, nil
}

func cancelKeyDeletion(x *exchange, body []byte) (any, error) {
	key, err := x.setKeyState(body, simulator.KeyDisabled)
	if err != nil {
		return nil, err
	}
	return map[string]string{"KeyId": key.ARN}, nil
}

type quotaRequest struct{ ServiceCode, QuotaCode string }

func getServiceQuota(x *exchange, body []byte) (any, error)        { return x.quota(body, false) }
func getDefaultServiceQuota(x *exchange, body []byte) (any, error) { return x.quota(body, true) }

func (x *exchange) quota(body []byte, awsDefault bool) (any, error) {
	in, err := parseJSON[quotaRequest](body)
	if err != nil {
		return nil, err
	}
	q, err := world(x.front, func(w *simulator.World, now time.Time, in quotaRequest) (simulator.ServiceQuota, *simulator.Error) {
		return w.GetServiceQuota(now, principalOf(x.signer), in.ServiceCode, in.QuotaCode, awsDefault)
	}, in)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Quota": quotaDocument(q)}, nil
}

func quotaDocument(q simulator.ServiceQuota) map[string]any {
	return map[string]any{
		"ServiceCode": q.ServiceCode,
		"QuotaCode":   q.QuotaCode,
		"QuotaName":   q.Name,
		"Value":       q.Value,
		"Unit":        q.Unit,
		"Adjustable":  q.Adjustable,
		"GlobalQuota": false,
	}
}

func listServiceQuotas(x *exchange, body []byte) (any, error)        { return x.listQuotas(body, false) }
func listDefaultServiceQuotas(x *exchange, body []byte) (any, error) { return x.listQuotas(body, true) }

// listQuotas answers the one page that there is.
func (x *exchange) listQuotas(body []byte, awsDefault bool) (any, error) {
	in, err := parseJSON[quotaRequest](body)
	if err != nil {
		return nil, err
	}
	quotas, err := world(x.front, func(w *simulator.World, now time.Time, in quotaRequest) ([]simulator.ServiceQuota, *simulator.Error) {
		return w.ListServiceQuotas(now, principalOf(x.signer), in.ServiceCode, awsDefault)
	}, in)
	if err != nil {
		return nil, err
	}
	list := []map[string]any{}
	for _, q := range quotas {
		list = append(list, quotaDocument(q))
	}
	return map[string]any{"Quotas": list}, nil
}
