// Writes the results of queries that the tests of inventory read, with DuckDB:
//
//	npm install @duckdb/node-api@1 && node write.cjs .
const { DuckDBInstance } = require('@duckdb/node-api')
const out = process.argv[2]

const rows = `(VALUES
  ('media', 'a/plain.txt', 10::BIGINT, 'v1', true, false, 'SSE-S3', 'd41d8cd98f00b204e9800998ecf8427e', TIMESTAMP '2026-03-01 10:11:12.5', 'STANDARD', NULL, NULL),
  ('media', 'b/space and+plus%41.txt', 20, 'v2', true, false, 'SSE-KMS', 'e41d8cd98f00b204e9800998ecf8427e', TIMESTAMP '2026-03-02 10:11:12', 'STANDARD', 'arn:aws:kms:eu-west-1:111122223333:key/k1', true),
  ('media', 'c/"quote", comma
line ü.txt', 30, NULL, false, false, 'DSSE-KMS', 'f41d8cd98f00b204e9800998ecf8427e-3', TIMESTAMP '2026-03-03 10:11:12.000001', 'GLACIER_IR', 'arn:aws:kms:eu-west-1:111122223333:key/k2', false),
  ('media', 'd/unknown', NULL, 'v4', true, false, NULL, NULL, NULL, NULL, NULL, NULL)
) t(bucket, key, size, version_id, is_latest, is_delete_marker, encryption_status, e_tag, last_modified_date, storage_class, kms_key_arn, is_bucket_key_enabled)`
const texts = `bucket, key, size::DECIMAL(20,0)::VARCHAR AS size, version_id, is_latest::VARCHAR AS is_latest, is_delete_marker::VARCHAR AS is_delete_marker,
  encryption_status, e_tag, last_modified_date::VARCHAR AS last_modified_date, storage_class, kms_key_arn, is_bucket_key_enabled::VARCHAR AS is_bucket_key_enabled`

async function main() {
  const db = await (await DuckDBInstance.create(':memory:')).connect()
  const copy = (query, to, how) => db.run(`COPY (${query}) TO '${out}/${to}' (${how})`)
  await copy(`SELECT * FROM ${rows}`, 'types.parquet', 'FORMAT parquet')
  await copy(`SELECT * REPLACE (size::DECIMAL(20,0) AS size, last_modified_date::TIMESTAMPTZ AS last_modified_date) FROM ${rows}`, 'decimal.parquet', 'FORMAT parquet, COMPRESSION zstd')
  await copy(`SELECT ${texts} FROM ${rows}`, 'texts.parquet', 'FORMAT parquet')
  await copy(`SELECT * FROM ${rows}`, 'header.csv', 'FORMAT csv, HEADER')
  await copy(`SELECT * REPLACE (last_modified_date::TIMESTAMPTZ AS last_modified_date) FROM ${rows}`, 'header.csv.gz', 'FORMAT csv, HEADER, COMPRESSION gzip')
  await copy(`SELECT bucket, key, size, e_tag FROM ${rows}`, 'bare.csv', 'FORMAT csv, HEADER false')
  const one = "'media' AS bucket, 'k' AS key"
  await copy(`SELECT ${one}, NULL::VARCHAR AS version_id, 'None' AS storage_class, DATE '2026-03-01' AS last_modified_date, 3 AS size`, 'date.parquet', 'FORMAT parquet')
  await copy(`SELECT ${one}, 1.50::DECIMAL(10,2) AS size`, 'fraction.parquet', 'FORMAT parquet')
  await copy(`SELECT ${one}, 3::HUGEINT AS size`, 'huge.parquet', 'FORMAT parquet') // which DuckDB writes as DOUBLE
  await copy(`SELECT * FROM ${rows}`, 'hive', 'FORMAT parquet, PARTITION_BY (bucket)')
}
main()
