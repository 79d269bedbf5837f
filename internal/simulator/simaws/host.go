package simaws

import (
	"context"
	"fmt"
	"os"
	"sync"

	"reseal/internal/simulator"
)

// Host is a simulated account with objects in it, for clients elsewhere.
type Host struct {
	Config    Config // whose BodyFolder is made, where MaxBody is not 0
	Users     string // file of more identities, "" for none
	Manifest  string // local report whose objects are there; "" for none
	Objects   int64  // that are made in Bucket, of all kinds, where there is no Manifest
	Bucket    string
	ReportDir string // where their report is written, too; "" for nowhere
	Traffic   Traffic
}

// Hosted is an account that is ready to serve.
type Hosted struct {
	*Account
	Environment []string // what a client needs, as NAME=value
	Manifest    string   // report of the objects, "" for none

	traffic Traffic
	remove  []string // folders
}

// Open makes the account. The caller closes what it returns.
func (h *Host) Open(ctx context.Context) (_ *Hosted, err error) {
	out := &Hosted{traffic: h.Traffic}
	defer func() {
		if err != nil {
			out.Close()
		}
	}()
	c := h.Config
	if c.MaxBody != 0 {
		if c.BodyFolder, err = out.folder("uploads"); err != nil {
			return nil, err
		}
	}
	if h.Users != "" {
		if c.Users, err = ReadUsers(h.Users); err != nil {
			return nil, err
		}
	}
	if out.Account, err = New(c); err != nil {
		return nil, err
	}
	if out.Manifest, err = h.fill(ctx, out.Account); err != nil {
		return nil, err
	}
	folder := ""
	if c.TLS { // the user's alone and new: in the temporary folder itself, others could have a link there, or a certificate of theirs
		if folder, err = out.folder("the certificate"); err != nil {
			return nil, err
		}
	}
	out.Environment, err = out.Account.Environment(ctx, folder)
	return out, err
}

// fill makes the objects that were asked for. It returns where their report is.
func (h *Host) fill(ctx context.Context, account *Account) (manifest string, err error) {
	switch {
	case h.Manifest != "":
		_, err = account.Load(ctx, h.Manifest)
		return h.Manifest, err
	case h.Objects > 0:
		return account.Populate(ctx, h.Bucket, simulator.Population{N: h.Objects, Seed: h.Config.Seed}, Report{Folder: h.ReportDir})
	}
	return "", nil
}

// folder makes a folder that goes with the account.
func (h *Hosted) folder(what string) (string, error) {
	name, err := os.MkdirTemp("", "reseal-simulator-")
	if err != nil {
		return "", fmt.Errorf("make a folder for %s: %w", what, err)
	}
	h.remove = append(h.remove, name)
	return name, nil
}

// Serve answers requests, while others use the account as Traffic says, until ctx ends.
func (h *Hosted) Serve(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	var traffic sync.WaitGroup
	traffic.Go(func() { h.traffic.Run(ctx, h.Account) })
	defer traffic.Wait()
	defer end()
	return h.Account.Serve(ctx)
}

// Close gives back the address, and removes what uploads and certificate left.
func (h *Hosted) Close() {
	if h.Account != nil {
		_ = h.Listener.Close() // which Serve has closed
	}
	for _, folder := range h.remove {
		_ = os.RemoveAll(folder)
	}
}
