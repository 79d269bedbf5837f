// Package iceberg turns the metadata of an Apache Iceberg table into the files
// of one snapshot: data files, and the delete files that take rows out of them.
//
// Read reads a metadata.json; Table.Files then reads the manifest list of a
// snapshot and its manifests. No data file is opened here.
//
//	t, err := iceberg.Read(ctx, open, iceberg.At{Bucket: "b", Name: "metadata/00001.metadata.json"})
//	s, err := t.Snapshot(0) // the current one
//	files, err := t.Files(ctx, s)
//
// Tables of format 1 and 2 are read (the Iceberg Table Spec, read 2026-11-30).
// What cannot be read rightly is refused by name, before anything of it is
// used: format 3, data files that are not Parquet, deletion vectors, encrypted
// files, files outside the table's bucket or folder.
//
// All of it is input from outside: sizes are bounded, and whatever the bytes
// say, the outcome is files or an error.
package iceberg
