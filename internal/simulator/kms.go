package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// KeyState is the state of a KMS key (KMS Developer Guide, key-state, read 2026-11-21).
type KeyState string

const (
	KeyEnabled         KeyState = "Enabled"
	KeyDisabled        KeyState = "Disabled"
	KeyPendingDeletion KeyState = "PendingDeletion"
	KeyPendingImport   KeyState = "PendingImport"
	KeyUnavailable     KeyState = "Unavailable"
)

// Key is a KMS key. Zero fields read as Enabled, SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT and CUSTOMER.
type Key struct {
	ARN         string // arn:aws:kms:REGION:ACCOUNT:key/ID
	State       KeyState
	Spec        string
	Usage       string
	Manager     string   // CUSTOMER or AWS
	DeniedTo    []string // principal ARNs, "*" for everyone, that its policy denies every use
	Created     time.Time
	Store       string // id of the custom key store that holds it, "" for KMS's own
	Description string
	Policy      []byte // nil: the default one, which leaves everything to the account's identity policies
}

// Account returns the account that owns the key.
func (k *Key) Account() string { return arnField(k.ARN, 4) }

// Region returns the Region of the key.
func (k *Key) Region() string { return arnField(k.ARN, 3) }

// ID returns the key id, the last part of the ARN.
func (k *Key) ID() string { return strings.TrimPrefix(arnField(k.ARN, 5), "key/") }

// arnField returns the nth of the six fields of an ARN, "" when there are fewer.
func arnField(arn string, n int) string {
	for range n {
		_, rest, ok := strings.Cut(arn, ":")
		if !ok {
			return ""
		}
		arn = rest
	}
	if n < 5 {
		arn, _, _ = strings.Cut(arn, ":")
	}
	return arn
}

type keyRing struct {
	keys     map[string]*Key   // by ARN
	aliases  map[string]string // alias ARN -> key ARN
	accounts map[string]*kmsAccount
	grants   []KeyGrant
	made     int                   // grants, the revoked ones included
	data     map[dataKey]time.Time // until when a bucket key is known
}

// kmsAccount measures the cryptographic requests of one account.
type kmsAccount struct {
	meter
	second, inSecond int64           // of the clock
	minutes          map[int64]int64 // accepted, by unix minute
}

// A dataKey is what S3 keeps a bucket-level key for: at least one per requester (S3 User Guide, bucket-key, read
// 2026-11-21). Reading and writing share it here.
type dataKey struct{ requester, keyARN, bucket string }

func newKeyRing() keyRing {
	return keyRing{keys: map[string]*Key{}, aliases: map[string]string{}, accounts: map[string]*kmsAccount{}, data: map[dataKey]time.Time{}}
}

// CreateKey adds a key or replaces one of the same ARN.
func (w *World) CreateKey(k Key) error {
	if !strings.HasPrefix(k.ARN, "arn:") || !strings.HasPrefix(arnField(k.ARN, 5), "key/") {
		return fmt.Errorf("create key: %q is no key ARN", k.ARN)
	}
	k.State = KeyState(orElse(string(k.State), string(KeyEnabled)))
	k.Spec, k.Usage, k.Manager = orElse(k.Spec, "SYMMETRIC_DEFAULT"), orElse(k.Usage, "ENCRYPT_DECRYPT"), orElse(k.Manager, "CUSTOMER")
	w.kms.keys[k.ARN] = &k
	return nil
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// SetKeyState changes the state of a key. S3 notices when it next calls KMS, not while a bucket key is known.
func (w *World) SetKeyState(arn string, s KeyState) error {
	k := w.kms.keys[arn]
	if k == nil {
		return fmt.Errorf("set key state: no key %s", arn)
	}
	k.State = s
	return nil
}

// PutAlias points the alias name (alias/x), in the key's account and Region, to a key.
func (w *World) PutAlias(name, arn string) error {
	k := w.kms.keys[arn]
	if k == nil || !strings.HasPrefix(name, "alias/") {
		return fmt.Errorf("put alias %s: no key %s, or no alias name", name, arn)
	}
	w.kms.aliases[aliasARN(k.Region(), k.Account(), name)] = arn
	return nil
}

func aliasARN(region, account, name string) string {
	return "arn:aws:kms:" + region + ":" + account + ":" + name
}

// AddAlias is CreateAlias: unlike PutAlias, it moves none.
func (w *World) AddAlias(name, arn string) *Error {
	k := w.kms.keys[arn]
	switch {
	case !strings.HasPrefix(name, "alias/"):
		return fail(400, "ValidationException", "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
	case strings.HasPrefix(name, "alias/aws/"):
		return fail(400, "InvalidAliasNameException", "The alias name cannot begin with alias/aws/.")
	case k == nil:
		return fail(400, "NotFoundException", "Key '"+arn+"' does not exist")
	}
	full := aliasARN(k.Region(), k.Account(), name)
	if _, ok := w.kms.aliases[full]; ok {
		return fail(400, "AlreadyExistsException", "An alias with the name "+full+" already exists")
	}
	w.kms.aliases[full] = arn
	return nil
}

// awsManagedKey returns the account's aws/s3 key of a Region, which comes into being when it is first used.
func (w *World) awsManagedKey(account, region string) *Key {
	alias := aliasARN(region, account, "alias/aws/s3")
	arn, ok := w.kms.aliases[alias]
	if !ok {
		id := hexOf(hashString(1, alias), hashString(2, alias))
		arn = "arn:aws:kms:" + region + ":" + account + ":key/" + id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
		w.kms.keys[arn] = &Key{ARN: arn, State: KeyEnabled, Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Manager: "AWS"}
		w.kms.aliases[alias] = arn
	}
	return w.kms.keys[arn]
}

// findKey resolves what clients may name a key by: ARN, id, alias or alias ARN. Names without an account are those of
// the requester's (S3 User Guide, specifying-kms-encryption). The errors are KMS's.
func (w *World) findKey(region, account, id string) (*Key, *Error) {
	if k := w.kms.keys[id]; k != nil && k.Region() == region {
		return k, nil
	}
	arn := id
	switch {
	case strings.HasPrefix(id, "alias/"):
		arn = aliasARN(region, account, id)
	case !strings.HasPrefix(id, "arn:"):
		arn = "arn:aws:kms:" + region + ":" + account + ":key/" + id
	case arnField(id, 3) != region:
		return nil, fail(400, "NotFoundException", "Invalid arn "+arnField(id, 3))
	}
	if arn == aliasARN(region, account, "alias/aws/s3") {
		return w.awsManagedKey(account, region), nil
	}
	if resource := arnField(arn, 5); strings.HasPrefix(resource, "alias/") {
		target, ok := w.kms.aliases[arn]
		if !ok {
			return nil, fail(400, "NotFoundException", "Alias "+arn+" is not found.")
		}
		arn = target
	} else if !strings.HasPrefix(resource, "key/") {
		return nil, fail(400, "NotFoundException", "Invalid keyId '"+id+"'")
	}
	if k := w.kms.keys[arn]; k != nil {
		return k, nil
	}
	return nil, fail(400, "NotFoundException", "Key '"+arn+"' does not exist")
}

// usable returns the KMS error for a cryptographic use of the key, nil when there is none.
func (k *Key) usable(p Principal, account, action string) *Error {
	switch {
	case slices.Contains(k.DeniedTo, "*") || slices.Contains(k.DeniedTo, p.ARN),
		k.Manager == "AWS" && k.Account() != account:
		return fail(400, "AccessDeniedException", "User: "+p.ARN+" is not authorized to perform: kms:"+action+
			" on resource: "+k.ARN+" because no resource-based policy allows the kms:"+action+" action")
	case k.State == KeyDisabled:
		return fail(400, "DisabledException", k.ARN+" is disabled.")
	case k.State == KeyPendingDeletion:
		return fail(400, "KMSInvalidStateException", k.ARN+" is pending deletion.")
	case k.State == KeyPendingImport:
		return fail(400, "KMSInvalidStateException", k.ARN+" is pending import.")
	case k.State != KeyEnabled:
		return fail(400, "KMSInvalidStateException", k.ARN+" is unavailable.")
	case k.Usage != "ENCRYPT_DECRYPT" || k.Spec != "SYMMETRIC_DEFAULT":
		return fail(400, "InvalidKeyUsageException", k.ARN+" key usage is "+k.Usage+" which is not valid for "+action+".")
	}
	return nil
}

// kmsThroughS3 is how S3 reports KMS's refusals (S3 API Reference, ErrorResponses): the code with a prefix, except that
// a lack of permission is S3's own AccessDenied.
func kmsThroughS3(err *Error) *Error {
	switch err.Code {
	case "AccessDenied":
		return err
	case "AccessDeniedException":
		return fail(403, "AccessDenied", err.Message)
	}
	return fail(400, "KMS."+err.Code, err.Message)
}

// useKey makes one KMS call for an S3 request, unless a bucket key spares it.
func (c *call) useKey(action string, e *Encryption, b *bucket, key string) *Error {
	w, arn, bucketKey := c.w, e.KMSKeyARN, e.BucketKeyEnabled
	id := dataKey{c.req.Principal.ARN, arn, b.name}
	if bucketKey && c.now.Before(w.kms.data[id]) {
		w.counters.KMS.Cached++
		return nil
	}
	k, err := w.findKey(b.region, c.account(), arn)
	if err == nil {
		err = k.usable(c.req.Principal, c.account(), action)
	}
	if err != nil {
		return kmsThroughS3(err)
	}
	context := "arn:aws:s3:::" + b.name
	if !bucketKey {
		context += "/" + key
	}
	further := contextPairs(e.Context)
	if own, ok := further["aws:s3:arn"]; ok {
		context = own
	}
	if err := w.allowKey(c.req.Principal, action, k, b.region, context, further); err != nil {
		return kmsThroughS3(err)
	}
	if !w.takeKMS(c.now, c.account(), k, action) {
		return slowDown(throttleKMS)
	}
	c.kms++
	if bucketKey {
		w.kms.data[id] = c.now.Add(w.cfg.DataKeyLifetime)
	}
	return nil
}

// takeKMS counts one cryptographic request of an account, unless that is over its quota. The quota is shared by all
// symmetric operations and counted against the requester's account (KMS Developer Guide, requests-per-second, read
// 2026-11-21).
//
// Each custom key store has a quota of its own instead (the same page).
func (w *World) takeKMS(now time.Time, account string, k *Key, action string) bool {
	limit := w.cfg.KMSRequestsPerSecond
	if k.Store != "" {
		account, limit = k.Store, w.cfg.StoreRequestsPerSecond
	}
	a := w.kms.accounts[account]
	if a == nil {
		a = &kmsAccount{}
		w.kms.accounts[account] = a
	}
	n := &w.counters.KMS
	if !a.take(now, limit) {
		n.Rejected++
		return false
	}
	n.Calls[action]++
	n.Total++
	if int64(a.n) > n.FullestSecond {
		n.FullestSecond, n.FullestEnd = int64(a.n), now
	}
	second := now.Unix()
	n.PerSecond[second]++
	if second != a.second {
		a.second, a.inSecond = second, 0
	}
	a.inSecond++
	a.countMinute(now)
	n.FullestClock = max(n.FullestClock, a.inSecond)
	return true
}
