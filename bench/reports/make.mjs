// Writes reports as S3 Inventory has them, by programs that nobody here wrote: CSV and
// Parquet by DuckDB, ORC by ClickHouse, which has the writer of Apache ORC in C++. What
// bench/reading_test.go reads.
//
//   mkdir made && cd made && npm install @duckdb/node-api chdb     (600 MB)
//   NODE_PATH=$PWD/node_modules node .../bench/reports/make.mjs FOLDER [ROWS]
//
// FOLDER gets a folder for each report. The same versions of the two write the same
// rows each time.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const require = createRequire(join(process.env.NODE_PATH ?? join(process.cwd(), 'node_modules'), '..', 'x.js'))
const { DuckDBInstance } = require('@duckdb/node-api')
const { Session } = require('chdb')

const [folder, rowsWanted] = process.argv.slice(2)
const rows = Number(rowsWanted ?? 2_000_000)
const files = 4
const bucket = 'archive-of-everything'
const owner = '75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a'
const acl = Buffer.from(JSON.stringify({
  version: '2022-11-10', status: 'AVAILABLE',
  grants: [{ canonicalId: owner, type: 'CanonicalUser', permission: 'FULL_CONTROL' }],
})).toString('base64')

// The value of each column in row i: h is a hash of i, g another one. Keys lie under a few
// thousand prefixes and end in what is different for each; a tenth are under SSE-KMS.
const values = {
  bucket: `'${bucket}'`,
  key: `case when h % 4 = 0
    then format('warehouse/events/tenant={:03d}/year=2026/month={:02d}/day={:02d}/part-{:05d}-{:016x}.c000.snappy.parquet', h // 7 % 500, h // 11 % 12 + 1, h // 13 % 28 + 1, h // 17 % 200, g)
    else format('tenants/{:03d}/2026/{:02d}/{:02d}/{:016x}-object.json.gz', h // 7 % 500, h // 11 % 12 + 1, h // 13 % 28 + 1, g) end`,
  version_id: `left(replace(replace(to_base64(unhex(md5('v' || i))) || to_base64(unhex(md5('w' || i))), '+', '_'), '/', '.'), 32)`,
  is_latest: `h % 10 <> 0`,
  is_delete_marker: `false`,
  size: `(g // 16777216)::bigint % 1000000000`,
  last_modified_date: `make_timestamp_ms(1763690400000 - (h % 63072000000)::bigint)::timestamp_ms`,
  e_tag: `md5('e' || i)`,
  storage_class: `['STANDARD','STANDARD','STANDARD','STANDARD_IA','INTELLIGENT_TIERING','GLACIER'][(h // 19 % 6 + 1)::int]`,
  is_multipart_uploaded: `h % 50 = 0`,
  replication_status: `case when h % 3 = 0 then 'COMPLETED' end`,
  encryption_status: `case when h // 23 % 10 = 0 then 'SSE-KMS' else 'SSE-S3' end`,
  object_lock_retain_until_date: `null::timestamp_ms`,
  object_lock_mode: `null::varchar`,
  object_lock_legal_hold_status: `case when h % 3 = 0 then 'OFF' end`,
  intelligent_tiering_access_tier: `case when h // 19 % 6 = 4 then 'FREQUENT' end`,
  bucket_key_status: `case when h // 23 % 10 = 0 then 'ENABLED' end`,
  checksum_algorithm: `'CRC64NVME'`,
  object_access_control_list: `'${acl}'`,
  object_owner: `'${owner}'`,
  lifecycle_expiration_date: `null::timestamp_ms`,
}
const all = Object.keys(values)
// Eighteen columns each: a report of all versions, and one of current ones with what S3 offers beside.
const layouts = {
  versions: all.slice(0, 18),
  current: all.filter(c => !['version_id', 'is_latest', 'is_delete_marker'].includes(c)),
}

const select = (columns, file) => {
  const per = Math.ceil(rows / files)
  const list = columns.map(c => `${values[c]} as ${c}`).join(', ')
  return `select ${list} from (select i, hash(i) as h, hash(i + 1000000007) as g from range(${file * per}, ${Math.min(rows, (file + 1) * per)}) t(i))`
}

// In CSV keys are URL-encoded, instants are spelled out, and every field is in quotes.
const csv = columns => columns.map(c => ({
  key: `replace(url_encode(key), '%2F', '/') as key`,
}[c] ?? (c.endsWith('_date') ? `strftime(${c}, '%Y-%m-%dT%H:%M:%S.%gZ') as ${c}` : c))).join(', ')

const kind = c => c.endsWith('_date') ? 'timestamp' : c.startsWith('is_') ? 'boolean' : c === 'size' ? 'bigint' : 'string'
const parquetKind = { string: 'binary NAME (STRING)', boolean: 'boolean NAME', bigint: 'int64 NAME', timestamp: 'int64 NAME (TIMESTAMP(MILLIS,true))' }
const csvName = { e_tag: 'ETag', last_modified_date: 'LastModifiedDate' }
const schemas = {
  CSV: columns => columns.map(c => csvName[c] ?? c.split('_').map(w => w[0].toUpperCase() + w.slice(1)).join('')).join(', '),
  Parquet: columns => 'message s3.inventory {' + columns.map(c =>
    `  ${c === 'bucket' || c === 'key' ? 'required' : 'optional'} ${parquetKind[kind(c)].replace('NAME', c)};`).join('') + '}',
  ORC: columns => `struct<${columns.map(c => `${c}:${kind(c)}`).join(',')}>`,
}

const duck = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect()
const house = new Session(join(folder, '.clickhouse'))
const clickhouse = settings => async (columns, from, to) => house.query(
  `select ${columns.map(c => c.endsWith('_date') ? `toDateTime64(${c}, 3, 'UTC') as ${c}` : c).join(', ')}
   from file('${from}') into outfile '${to}' truncate format ORC
   settings max_threads = 1, session_timezone = 'UTC', output_format_orc_compression_method = 'zlib' ${settings}`)

const writers = {
  'duckdb-csv-gzip': { format: 'CSV', end: 'csv.gz', write: (columns, from, to) =>
    duck.run(`copy (select ${csv(columns)} from '${from}') to '${to}' (format csv, header false, force_quote *, compression gzip)`) },
  'duckdb-parquet-snappy': { format: 'Parquet', end: 'parquet', write: (columns, from, to) =>
    duck.run(`copy (select * from '${from}') to '${to}' (format parquet, compression snappy)`) },
  'clickhouse-orc-zlib': { format: 'ORC', end: 'orc', write: clickhouse('') },
  'clickhouse-orc-zlib-dictionary': { format: 'ORC', end: 'orc', write: clickhouse(', output_format_orc_dictionary_key_size_threshold = 0.8') },
}

const md5 = data => createHash('md5').update(data).digest('hex')
for (const [layout, columns] of Object.entries(layouts)) {
  const parts = []
  for (let i = 0; i < files; i++) {
    parts.push(join(folder, `.${layout}-${i}.parquet`))
    await duck.run(`copy (${select(columns, i)}) to '${parts[i]}' (format parquet, compression snappy)`)
  }
  for (const [name, writer] of Object.entries(writers)) {
    const root = join(folder, `${name}-${layout}`)
    const base = `${bucket}/daily`
    mkdirSync(join(root, base, 'data'), { recursive: true })
    const listed = []
    for (let i = 0; i < files; i++) {
      const key = `${base}/data/part-${i}.${writer.end}`
      await writer.write(columns, parts[i], join(root, key))
      listed.push({ key, size: statSync(join(root, key)).size, MD5checksum: md5(readFileSync(join(root, key))) })
    }
    const manifest = JSON.stringify({
      sourceBucket: bucket, destinationBucket: 'arn:aws:s3:::reports', version: '2016-11-30', creationTimestamp: '1763690400000',
      fileFormat: writer.format, fileSchema: schemas[writer.format](columns), files: listed,
    }, null, 2)
    const at = join(root, base, '2025-11-21T02-00Z')
    mkdirSync(at, { recursive: true })
    writeFileSync(join(at, 'manifest.json'), manifest)
    writeFileSync(join(at, 'manifest.checksum'), md5(manifest))
    console.log(`${name}-${layout}: ${listed.reduce((n, f) => n + f.size, 0) >> 20} MiB`)
  }
  parts.forEach(p => rmSync(p))
}
rmSync(join(folder, '.clickhouse'), { recursive: true, force: true })
process.exit(0)
