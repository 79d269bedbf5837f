package front

import (
	"encoding/base64"
	"encoding/binary"
	"sync/atomic"
)

// requestIDs makes the ids S3 puts on each answer: 16 capital letters and
// digits, and a longer opaque one. They are a function of seed and count, so
// that a run can be repeated.
type requestIDs struct {
	seed uint64
	n    atomic.Uint64
}

const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// next gives the values of x-amz-request-id and x-amz-id-2.
func (g *requestIDs) next() (requestID, hostID string) {
	state := g.seed + g.n.Add(1)*0x9E3779B97F4A7C15
	x, y := mix(state), mix(^state)
	var id [16]byte
	for i := range id {
		bits := x
		if i >= 8 {
			bits = y
		}
		id[i] = idAlphabet[bits>>(5*(uint(i)%8))&31]
	}
	var host [42]byte
	for i := 0; i+8 <= len(host); i += 8 {
		binary.LittleEndian.PutUint64(host[i:], mix(x+uint64(i)))
	}
	return string(id[:]), base64.StdEncoding.EncodeToString(host[:])
}

// mix is the finaliser of SplitMix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
