package ratelimit

import (
	"reseal/engine"
)

var _ engine.Gate = (*Governor)(nil)
