package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	"go.yaml.in/yaml/v3"
)

// release is what the section does not say: of what the package is made, and when.
type release struct {
	arch, version string
	committed     time.Time
	program       string
}

// section has the keys of nfpms that are understood here, and no others.
type section struct {
	PackageName string   `yaml:"package_name"`
	Formats     []string `yaml:"formats"`
	FileName    string   `yaml:"file_name_template"`
	Description string   `yaml:"description"`
	Maintainer  string   `yaml:"maintainer"`
	License     string   `yaml:"license"`
	Section     string   `yaml:"section"`
	Recommends  []string `yaml:"recommends"`
	MTime       string   `yaml:"mtime"`
	Scripts     struct {
		PostInstall string `yaml:"postinstall"`
	} `yaml:"scripts"`
	Contents []content `yaml:"contents"`
	RPM      yaml.Node `yaml:"rpm"` // is of no other package
	Program  string    `yaml:"-"`
}

type content struct {
	Source      string `yaml:"src"`
	Destination string `yaml:"dst"`
	Type        string `yaml:"type"`
	Packager    string `yaml:"packager"`
	FileInfo    struct {
		Mode  fs.FileMode `yaml:"mode"`
		MTime string      `yaml:"mtime"`
	} `yaml:"file_info"`
}

// parse reads the one section of the file that makes a .deb.
func parse(config []byte) (section, error) {
	var file struct {
		NFPMs   []section            `yaml:"nfpms"`
		Project string               `yaml:"project_name"`
		Rest    map[string]yaml.Node `yaml:",inline"` // what is none of ours
	}
	decoder := yaml.NewDecoder(bytes.NewReader(config))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return section{}, fmt.Errorf("nfpms has what tools/deb does not understand, so its package would not be that of a release: %w", err)
	}
	if len(file.NFPMs) != 1 {
		return section{}, fmt.Errorf("nfpms has %d packages; tools/deb makes one", len(file.NFPMs))
	}
	s := file.NFPMs[0]
	s.Program = file.Project // goreleaser calls a program after the project
	if !slices.Contains(s.Formats, "deb") {
		return section{}, fmt.Errorf("nfpms makes no .deb, only %s", strings.Join(s.Formats, ", "))
	}
	return s, nil
}

// info is the section in the words of the library, as goreleaser says them.
func (s section) info(r release) (*nfpm.Info, error) {
	info := &nfpm.Info{
		Name:     s.PackageName,
		Arch:     r.arch,
		Platform: "linux",
		Version:  r.version,
		Section:  s.Section,
		License:  s.License,
		Overridables: nfpm.Overridables{
			Recommends: s.Recommends,
		},
	}
	if r.arch == "amd64" {
		info.Deb.ArchVariant = "v1" // what Go builds for, where nobody sets GOAMD64
	}
	var err error
	if info.Description, err = r.fill(s.Description, nil); err != nil {
		return nil, err
	}
	if info.Maintainer, err = r.fill(s.Maintainer, nil); err != nil {
		return nil, err
	}
	if info.Scripts.PostInstall, err = r.fill(s.Scripts.PostInstall, nil); err != nil {
		return nil, err
	}
	if info.MTime, err = r.time(s.MTime); err != nil {
		return nil, err
	}
	for _, c := range s.Contents {
		made, err := c.made(r)
		if err != nil {
			return nil, err
		}
		info.Contents = append(info.Contents, made)
	}
	info.Contents = append(info.Contents, &files.Content{
		Source:      r.program,
		Destination: path.Join("/usr/bin", s.Program), // where goreleaser puts it
		FileInfo:    &files.ContentFileInfo{Mode: 0o755, MTime: info.MTime},
	})
	return nfpm.WithDefaults(info), nil
}

func (c content) made(r release) (*files.Content, error) {
	made := &files.Content{Type: c.Type, Packager: c.Packager, FileInfo: &files.ContentFileInfo{Mode: c.FileInfo.Mode}}
	var err error
	if made.Source, err = r.fill(c.Source, nil); err != nil {
		return nil, err
	}
	if made.Destination, err = r.fill(c.Destination, nil); err != nil {
		return nil, err
	}
	made.FileInfo.MTime, err = r.time(c.FileInfo.MTime)
	return made, err
}

func (s section) fileName(r release, info *nfpm.Info) (string, error) {
	name, err := r.fill(s.FileName, map[string]string{"ConventionalFileName": deb.Default.ConventionalFileName(info)})
	if err == nil && !strings.HasSuffix(name, ".deb") {
		name += ".deb"
	}
	return name, err
}

// time is that of a file; none at all would be the time of the build.
func (r release) time(text string) (time.Time, error) {
	filled, err := r.fill(text, nil)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, filled)
	if err != nil {
		return time.Time{}, fmt.Errorf("mtime %q is no time; without one, each build would make another package", text)
	}
	return t, nil
}

// fill puts into a text what goreleaser would. A name that is not known here is an error.
func (r release) fill(text string, more map[string]string) (string, error) {
	fields := map[string]string{"Version": r.version, "CommitDate": r.committed.UTC().Format(time.RFC3339)}
	for name, value := range more {
		fields[name] = value
	}
	t, err := template.New("nfpms").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, fields)
	return out.String(), err
}
