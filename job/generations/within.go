package generations

import (
	"context"
	"fmt"

	"reseal/checkpoint"
)

// Within reads the documents of a later generation in those of its job: Get alone.
func Within(of checkpoint.Reader, number int) checkpoint.Reader {
	return within{of, fmt.Sprintf("%s/%06d/", Folder, number)}
}

// within is a folder of a job as a job.
type within struct {
	checkpoint.Reader
	folder string // with a slash at its end
}

// Get implements checkpoint.Reader.
func (w within) Get(ctx context.Context, name string) ([]byte, checkpoint.Version, error) {
	return w.Reader.Get(ctx, w.folder+name)
}
