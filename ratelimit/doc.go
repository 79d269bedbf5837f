// Package ratelimit turns the demand of requests into permission to send them.
package ratelimit
