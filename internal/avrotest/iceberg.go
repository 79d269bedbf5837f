package avrotest

// ManifestList is the schema of a manifest list as writers of format 2 of Apache Iceberg have
// it, but for what is not read.
const ManifestList = `{"type":"record","name":"manifest_file","fields":[
	{"name":"manifest_path","type":"string","field-id":500},
	{"name":"manifest_length","type":"long","field-id":501},
	{"name":"partition_spec_id","type":"int","field-id":502},
	{"name":"content","type":"int","field-id":517},
	{"name":"sequence_number","type":"long","field-id":515},
	{"name":"added_files_count","type":["null","int"],"default":null,"field-id":504}]}`

// Manifest is the schema of a manifest of a table that is partitioned by a column of text.
func Manifest(partition string) string {
	return `{"type":"record","name":"manifest_entry","fields":[
	{"name":"status","type":"int","field-id":0},
	{"name":"snapshot_id","type":["null","long"],"default":null,"field-id":1},
	{"name":"sequence_number","type":["null","long"],"default":null,"field-id":3},
	{"name":"data_file","field-id":2,"type":{"type":"record","name":"r2","fields":[
		{"name":"content","type":"int","field-id":134},
		{"name":"file_path","type":"string","field-id":100},
		{"name":"file_format","type":"string","field-id":101},
		{"name":"partition","field-id":102,"type":{"type":"record","name":"r102","fields":[
			{"name":"` + partition + `","type":["null","string"],"default":null,"field-id":1000}]}},
		{"name":"record_count","type":"long","field-id":103},
		{"name":"file_size_in_bytes","type":"long","field-id":104},
		{"name":"key_metadata","type":["null","bytes"],"default":null,"field-id":131},
		{"name":"equality_ids","type":["null",{"type":"array","items":"int","element-id":136}],"default":null,"field-id":135},
		{"name":"content_offset","type":["null","long"],"default":null,"field-id":144}]}}]}`
}
