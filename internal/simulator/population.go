package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Population describes objects that are a function of Seed and their index: keys of all kinds, sizes, storage classes,
// metadata and tags. They take no memory until they are changed, and 16 bytes each while the only changes are copies in
// place and encryption updates; anything else turns the one object into a stored one.
type Population struct {
	N              int64
	Seed           uint64
	Prefix         string    // of all keys
	Plain          bool      // plain keys, STANDARD, no tags and no metadata beyond a content type
	MaxSize        int64     // 0: 16 MiB; most objects are far smaller
	Big            bool      // make one in 256 larger than 5 GiB, uploaded in parts
	Archived       bool      // make one in 64 GLACIER or DEEP_ARCHIVE
	EncryptedShare float64   // share that is SSE-KMS under KMSKeyARN from the start
	KMSKeyARN      string    //
	Created        time.Time // of the oldest; the others follow one second apart. Zero: 2024-01-01
}

// Keys are prefix, group, ten digits of the index, ending. Indexes are dealt to the groups in order, and no group is the
// beginning of another, so the keys sort like their indexes.
var (
	plainGroups = []string{"a/", "b/", "c/", "d/", "e/", "f/", "g/", "h/", "i/", "j/", "k/", "l/", "m/", "n/", "o/", "p/"}
	oddGroups   = []string{
		" lead/", "#frag?x=1&y/", "%2Fpercent%25/", "+plus+/", "../up/", "//", "2026/logs/", "2026/media/", "<tag attr=\"1\">/",
		"a=b;c/", "archive/", "photos/", "tables/", "users/", "\u00fcmlaut/", "\u65e5\u672c\u8a9e/",
	}
	endings    = []string{".bin", ".json", ".parquet", ".log.gz", ".jpg", ".txt", "", ".csv"}
	oddEndings = []string{
		" with space.txt", "+plus", "%41%zz", "&amp;<x>\"'", "\u00e9\u0301.txt", "\U0001f600", "/", "\nline", "\ttab", "?versionId=x", "*",
		"." + strings.Repeat("long/", 180),
	}
)

const indexDigits = 10

// population is a Population in its bucket.
type population struct {
	Population
	versioned bool // made while versioning was enabled: the objects have version ids
	groups    []string
	keys      []string // KMS keys in use, by the number in popState
	pages     [][]popState
	shadows   int64 // objects that became entries
}

// popState is what happened to a generated object.
type popState struct {
	modified uint32 // unix seconds, of the last copy
	seq      uint32 // of the last copy
	copies   uint16 // writes; 0 means that the object is as it was made
	updates  uint16 // of the encryption alone
	key      uint16 // into population.keys
	flags    uint8
}

const (
	popEncrypted uint8 = 1 << iota // SSE-KMS under key; else as made or, after a copy, SSE-S3
	popBucketKey
	popStandard  // the class was reset to STANDARD
	popID        // the copy has a version id, and the first version lives on behind it
	popPlainETag // the last write was not encrypted by KMS, whatever came after
	popUpdated   // the first version has another encryption than it was made with
)

const popPage = 1024

// Populate fills a bucket. Several populations need prefixes of which none is the beginning of another.
func (w *World) Populate(name string, p Population) error {
	b := w.buckets[name]
	switch {
	case b == nil:
		return fmt.Errorf("populate %s: no such bucket", name)
	case p.N < 0 || p.N > 1e10:
		return fmt.Errorf("populate %s: %d objects", name, p.N)
	case p.EncryptedShare > 0 && p.KMSKeyARN == "":
		return fmt.Errorf("populate %s: encrypted objects need a key", name)
	}
	for _, o := range b.objects.pops {
		if strings.HasPrefix(o.Prefix, p.Prefix) || strings.HasPrefix(p.Prefix, o.Prefix) {
			return fmt.Errorf("populate %s: prefix %q overlaps %q", name, p.Prefix, o.Prefix)
		}
	}
	if p.MaxSize == 0 {
		p.MaxSize = 16 << 20
	}
	if p.Created.IsZero() {
		p.Created = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	pop := &population{Population: p, versioned: b.versioning == Enabled, groups: oddGroups}
	if p.Plain {
		pop.groups = plainGroups
	}
	if p.KMSKeyARN != "" {
		pop.keys = []string{p.KMSKeyARN}
	}
	pop.pages = make([][]popState, (p.N+popPage-1)/popPage)
	b.objects.pops = append(b.objects.pops, pop)
	slices.SortFunc(b.objects.pops, func(x, y *population) int { return strings.Compare(x.Prefix, y.Prefix) })
	return nil
}

func (p *population) hash(i int64, salt uint64) uint64 { return mix(mix(p.Seed, salt), uint64(i)) }

// group returns the number of the group of index i.
func (p *population) group(i int64) int { return int(i * int64(len(p.groups)) / p.N) }

// key returns the key of index i.
func (p *population) key(i int64) string {
	h := p.hash(i, 1)
	ending := endings[h%8]
	if !p.Plain && h>>8%16 == 0 {
		ending = oddEndings[h>>16%uint64(len(oddEndings))]
	}
	g := p.groups[p.group(i)]
	buf := make([]byte, 0, len(p.Prefix)+len(g)+indexDigits+len(ending))
	buf = append(append(buf, p.Prefix...), g...)
	digits := strconv.AppendInt(nil, i, 10)
	for range indexDigits - len(digits) {
		buf = append(buf, '0')
	}
	return string(append(append(buf, digits...), ending...))
}

// find returns the index of a key.
func (p *population) find(key string) (int64, bool) {
	rest, ok := strings.CutPrefix(key, p.Prefix)
	if !ok {
		return 0, false
	}
	for _, g := range p.groups {
		digits, ok := strings.CutPrefix(rest, g)
		if !ok || len(digits) < indexDigits {
			continue
		}
		var i int64
		for _, d := range []byte(digits[:indexDigits]) {
			if d < '0' || d > '9' {
				return 0, false
			}
			i = i*10 + int64(d-'0')
		}
		return i, i < p.N && p.key(i) == key
	}
	return 0, false
}

// search returns the first index whose key is not before key.
func (p *population) search(key string) int64 {
	lo, hi := int64(0), p.N
	for lo < hi {
		if mid := lo + (hi-lo)/2; p.key(mid) < key {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (p *population) state(i int64) popState {
	if page := p.pages[i/popPage]; page != nil {
		return page[i%popPage]
	}
	return popState{}
}

func (s *store) setState(p *population, i int64, st popState) {
	s.last.versions = nil
	page := &p.pages[i/popPage]
	if *page == nil {
		*page = make([]popState, popPage)
	}
	(*page)[i%popPage] = st
}

func (p *population) rewrites(i int64) uint32 {
	st := p.state(i)
	return uint32(st.copies) + uint32(st.updates)
}

// keyNumber returns the number of a KMS key, and false when there are too many.
func (p *population) keyNumber(arn string) (uint16, bool) {
	if i := slices.Index(p.keys, arn); i >= 0 {
		return uint16(i), true
	}
	if len(p.keys) > 1000 {
		return 0, false
	}
	p.keys = append(p.keys, arn)
	return uint16(len(p.keys) - 1), true
}

// versions makes the versions of index i, newest first.
func (p *population) versions(i int64) []*version {
	st := p.state(i)
	v := p.made(i)
	if st.copies == 0 || st.flags&popID != 0 {
		v.etag = p.firstETag(v)
	}
	if st.copies == 0 {
		if st.flags&popUpdated != 0 {
			v.enc = p.encryption(st)
		}
		return []*version{v}
	}
	now := *v
	now.enc = p.encryption(st)
	now.modified = time.Unix(int64(st.modified), 0).UTC()
	now.seq = uint64(st.seq)
	if st.flags&popStandard != 0 {
		now.class = Standard
	}
	now.etag = p.etag(i, st, &now)
	now.id = p.versionID(i, st)
	now.checksum.Value = ""
	if st.flags&popID != 0 {
		return []*version{&now, v}
	}
	return []*version{&now}
}

func (p *population) encryption(st popState) Encryption {
	if st.flags&popEncrypted == 0 {
		return Encryption{Type: SSES3}
	}
	return Encryption{Type: SSEKMS, KMSKeyARN: p.keys[st.key], BucketKeyEnabled: st.flags&popBucketKey != 0}
}

// etag is that of the last write: an encryption update does not change it.
func (p *population) etag(i int64, st popState, v *version) string {
	if st.flags&popPlainETag != 0 {
		return v.body.etag()
	}
	return hexOf(p.hash(i, 16+uint64(st.copies)<<8), p.hash(i, 17+uint64(st.copies)<<8))
}

func (p *population) versionID(i int64, st popState) string {
	if st.copies == 0 && p.versioned || st.flags&popID != 0 {
		return versionIDOf(p.hash(i, 18+uint64(st.copies)<<8), uint64(i))
	}
	return nullVersion
}

// made returns the object of index i as it was before any change, but for its ETag.
func (p *population) made(i int64) *version {
	h := p.hash(i, 2)
	v := &version{pop: p, index: i, id: p.versionID(i, popState{}), class: p.class(i), meta: &Metadata{}, enc: Encryption{Type: SSES3},
		modified: p.Created.Add(time.Duration(i) * time.Second).Truncate(time.Second)}
	v.meta.ContentType = contentTypes[h%4]

	// Sizes are spread evenly over their logarithms.
	bits := p.hash(i, 3)
	v.size = int64(bits >> 8 % uint64(min(p.MaxSize, int64(1)<<(bits%48/2))+1))
	if p.Big && h>>4%256 == 0 {
		v.size = 5<<30 + int64(bits>>8%(35<<30)) + 1
		v.edit().partCount = int((v.size + 64<<20 - 1) / (64 << 20))
	}
	v.body = Synthetic(v.size, p.hash(i, 4))
	v.checksum = Checksum{Algorithm: "CRC64NVME", Type: "FULL_OBJECT"}
	if p.EncryptedShare > 0 && float64(p.hash(i, 5)>>11)/(1<<53) < p.EncryptedShare {
		v.enc = Encryption{Type: SSEKMS, KMSKeyARN: p.KMSKeyARN, BucketKeyEnabled: h>>12%2 == 0}
	}
	if !p.Plain {
		p.decorate(v, i, h>>35)
	}
	return v
}

var (
	contentTypes  = []string{"application/octet-stream", "application/json", "image/jpeg", "text/plain; charset=utf-8"}
	activeClasses = []StorageClass{StandardIA, IntelligentTiering, GlacierIR, OneZoneIA}
)

// class is the storage class that index i was made with.
func (p *population) class(i int64) StorageClass {
	h := p.hash(i, 9)
	switch {
	case p.Archived && h%64 == 0:
		return []StorageClass{Glacier, DeepArchive}[h>>6%2]
	case !p.Plain && h>>8%8 == 0:
		return activeClasses[h>>12%4]
	}
	return Standard
}

// firstETag is the ETag of what made returns.
func (p *population) firstETag(v *version) string {
	parts := ""
	if n := v.more().partCount; n > 0 {
		parts = "-" + strconv.Itoa(n)
	}
	switch {
	case v.enc.Type == SSEKMS:
		return hexOf(p.hash(v.index, 6), p.hash(v.index, 7)) + parts
	case parts != "":
		return v.body.contentMD5() + parts
	}
	return v.body.etag()
}

// decorate gives a generated object the attributes that copies can lose.
func (p *population) decorate(v *version, i int64, h uint64) {
	if h%4 == 0 {
		v.meta.User = map[string]string{"index": strconv.FormatInt(i, 10), "owner": "team-" + strconv.Itoa(int(h>>2%9))}
	}
	if h >>= 6; h%8 == 0 {
		v.meta.CacheControl = "max-age=" + strconv.Itoa(int(h>>3%1000))
		v.meta.ContentDisposition = `attachment; filename="` + strconv.FormatInt(i, 10) + `"`
	}
	if h >>= 6; h%16 == 0 {
		v.meta.Expires = []string{"Wed, 21 Oct 2037 07:28:00 GMT", "never"}[h>>4%8/7]
		v.meta.ContentLanguage, v.meta.ContentEncoding = "en-GB", "gzip"
	}
	if h >>= 7; h%4 == 0 {
		v.tags = []Tag{{"index", strconv.FormatInt(i, 10)}, {"stage", "prod/eu +1"}}
	}
	if h >>= 3; h%8 == 0 {
		v.checksum.Algorithm = "CRC32"
	}
	if p.hash(i, 8)%128 == 0 {
		v.edit().redirect = "/moved/" + strconv.FormatInt(i, 10)
	}
}
