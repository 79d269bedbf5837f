# Calls the simulator with the AWS CLI; `make awscli` runs it.
set -eu
. "$(dirname "$0")/try.sh"
b=cli-photos
account=111122223333
printf 'hello' >"$dir/body"
dd if=/dev/zero of="$dir/large" bs=1048576 count=9 2>/dev/null
anyone='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"'$account'"},"Action":"sts:AssumeRole"}}'
allow='{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'

# buckets
try "$b" s3api create-bucket --bucket $b
try '"BlockPublicAcls": true' s3api get-public-access-block --bucket $b
try '' s3api put-bucket-versioning --bucket $b --versioning-configuration Status=Enabled
try '"Status": "Enabled"' s3api get-bucket-versioning --bucket $b
try "$b" s3api list-buckets
try '"LocationConstraint": null' s3api get-bucket-location --bucket $b
try 'AES256' s3api get-bucket-encryption --bucket $b
try 'make_bucket: cli-films' s3 mb s3://cli-films
try 'remove_bucket: cli-films' s3 rb s3://cli-films
try '' s3api put-bucket-lifecycle-configuration --bucket $b --lifecycle-configuration '{"Rules":[{"ID":"old","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":30}}]}'
try '"Days": 30' s3api get-bucket-lifecycle-configuration --bucket $b
try '' s3api put-bucket-tagging --bucket $b --tagging 'TagSet=[{Key=team,Value=photos}]'
try '"team"' s3api get-bucket-tagging --bucket $b
try 'NoSuchBucketPolicy' s3api get-bucket-policy --bucket $b
missing s3api get-bucket-accelerate-configuration --bucket $b

# keys
try '"Description": "photos"' kms create-key --description photos
key=$(field Arn)
try '' kms create-alias --alias-name alias/photos --target-key-id "$key"
try 'alias/photos' kms list-aliases
try "$key" kms list-keys
try '"KeyState": "Enabled"' kms describe-key --key-id alias/photos
try 'kms:*' kms get-key-policy --key-id "$key" --policy-name default
try 'CiphertextBlob' kms generate-data-key --key-id "$key" --key-spec AES_256
try 'CiphertextBlob' kms encrypt --key-id "$key" --plaintext fileb://"$dir/body"
field CiphertextBlob | base64 -d >"$dir/blob"
try '"aGVsbG8="' kms decrypt --ciphertext-blob fileb://"$dir/blob"
missing kms list-grants --key-id "$key"

# objects
try 'ETag' s3api put-object --bucket $b --key a.txt --body "$dir/body" --metadata color=blue --tagging a=b
try 'AES256' s3api head-object --bucket $b --key a.txt
try '"ChecksumSHA256": "LPJNul' s3api put-object --bucket $b --key sum.txt --body "$dir/body" --checksum-algorithm SHA256
try '"ChecksumSHA256"' s3api get-object-attributes --bucket $b --key sum.txt --object-attributes Checksum ObjectSize
try '' s3api put-bucket-encryption --bucket $b --server-side-encryption-configuration "{\"Rules\":[{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"aws:kms\",\"KMSMasterKeyID\":\"$key\"},\"BucketKeyEnabled\":true}]}"
try 'copy:' s3 cp s3://$b/a.txt s3://$b/a.txt --sse aws:kms --sse-kms-key-id "$key"
try '"SSEKMSKeyId": "'"$key"'"' s3api head-object --bucket $b --key a.txt
try '"color": "blue"' s3api head-object --bucket $b --key a.txt
try '"Key": "a"' s3api get-object-tagging --bucket $b --key a.txt
try '"VersionId"' s3api list-object-versions --bucket $b
try 'upload:' s3 cp "$dir/large" s3://$b/dir/large
try '"ETag": "\"' s3api head-object --bucket $b --key dir/large
try 'download:' s3 cp s3://$b/dir/large "$dir/back"
cmp "$dir/large" "$dir/back"
try 'upload:' s3 sync "$dir" s3://$b/sync --exclude '*' --include body
try 'a.txt' s3 ls s3://$b
try 'ContentRange' s3api get-object --bucket $b --key a.txt --range bytes=1-2 "$dir/part"
try 'ContentLength' s3api get-object --bucket $b --key a.txt "$dir/whole"
cmp "$dir/body" "$dir/whole"
try 'dir/large' s3api list-objects-v2 --bucket $b --page-size 1
try 'InvalidArgument' s3api list-objects-v2 --bucket $b --continuation-token garbage
# The CLI 1 signs this URL by version 2 in us-east-1, which the simulator refuses.
try 'Signature=' s3 presign s3://$b/a.txt
try 'AccessDenied' s3api get-object --no-sign-request --bucket $b --key a.txt "$dir/none"
try '"DeleteMarker": true' s3api delete-object --bucket $b --key sum.txt
try 'delete:' s3 rm s3://$b/sync/body

# identities and figures
try '"UserName": "mover"' iam create-user --user-name mover
try 'policy/mover' iam create-policy --policy-name mover --policy-document "$allow"
try '' iam attach-user-policy --user-name mover --policy-arn arn:aws:iam::$account:policy/mover
try 'AccessKeyId' iam create-access-key --user-name mover
try '"Arn": "arn:aws:iam::'$account':role/team/loader"' iam create-role --role-name loader --path /team/ --assume-role-policy-document "$anyone"
try '"Path": "/team/"' iam get-role --role-name loader
try 'assumed-role/loader/night' sts assume-role --role-arn arn:aws:iam::$account:role/team/loader --role-session-name night
try "$account" sts get-caller-identity
missing iam list-users
try 'L-6E3AF000' service-quotas list-service-quotas --service-code kms
try '"StatusCode": "Complete"' cloudwatch get-metric-data --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T01:00:00Z --metric-data-queries '[{"Id":"m","MetricStat":{"Metric":{"Namespace":"AWS/Usage","MetricName":"CallCount"},"Period":60,"Stat":"Sum"}}]'
end 'calls one by one'
