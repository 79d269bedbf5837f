package job

import (
	"context"
	"os"
	"os/user"

	"reseal/s3api"
)

// Self says who runs this process. The caller's ARN is there where STS tells it before
// ctx ends; client may be nil.
func Self(ctx context.Context, client *s3api.Client) Who {
	who := Who{PID: os.Getpid()}
	who.Host, _ = os.Hostname() // "" where the system does not tell
	if u, err := user.Current(); err == nil {
		who.User = u.Username
	}
	if client == nil {
		return who
	}
	if id, err := client.Identity(ctx); err == nil {
		who.Caller = id.ARN
	}
	return who
}
