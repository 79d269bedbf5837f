package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"reseal/checkpoint"
)

// CampaignFile is the document of a campaign, in its folder. Its jobs lie in folders
// below it, and it is no job itself.
const CampaignFile = "campaign.json"

// CampaignError is the folder of a campaign where a job is wanted.
type CampaignError struct{ Name string }

func (e *CampaignError) Error() string {
	return fmt.Sprintf("%s is the folder of a campaign: name the job of a bucket in it, %s, or another folder", e.Name, Below(e.Name, "BUCKET"))
}

// notCampaign refuses the folder of a campaign. A plan beside its document would make a
// job of it, and no campaign could go on there.
func notCampaign(ctx context.Context, store checkpoint.Reader, name string) error {
	body, err := store.Open(ctx, CampaignFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open job %s: %w", name, err)
	}
	_ = body.Close()
	return &CampaignError{name}
}
