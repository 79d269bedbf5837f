// Package minio starts a MinIO server for tests: an S3 that nobody here wrote,
// which really encrypts. The program is not part of this module and is looked
// for where RESEAL_MINIO_BIN says; make minio installs it and runs those tests.
package minio
