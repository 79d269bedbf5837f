# Changes the encryption of what is in a bucket by hand, with the AWS CLI: a user of
# its own, a key, default encryption, copies in place. These are the steps of the AWS
# Storage Blog, "Encrypting existing Amazon S3 objects with the AWS CLI" and "Changing
# your Amazon S3 encryption from S3-Managed to AWS KMS"; the words are not theirs.
set -eu
. "$(dirname "$0")/try.sh"
bucket=awsexamplebucket
account=111122223333
mkdir -p "$dir/data/photos"
for n in 1 2 3; do echo "photo $n" >"$dir/data/photos/$n.jpg"; done
echo "readme" >"$dir/data/README"

# The bucket and its objects, under SSE-S3.
try 'make_bucket' s3 mb s3://$bucket
try 'upload:' s3 cp "$dir/data" s3://$bucket/ --recursive
try '"ServerSideEncryption": "AES256"' s3api head-object --bucket $bucket --key photos/1.jpg

# The key, and the default for new objects. Old ones stay as they are.
try '"KeyManager": "CUSTOMER"' kms create-key --description 'bucket key'
key=$(field Arn)
try '' kms create-alias --alias-name alias/bucket --target-key-id "$key"
try '' s3api put-bucket-encryption --bucket $bucket --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"'"$key"'"},"BucketKeyEnabled":true}]}'
try '"ServerSideEncryption": "AES256"' s3api head-object --bucket $bucket --key photos/1.jpg

# A user with S3, and not yet with the key.
cat >"$dir/s3.json" <<END
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:ListBucket","s3:GetObjectTagging","s3:PutObjectTagging"],"Resource":["arn:aws:s3:::$bucket","arn:aws:s3:::$bucket/*"]}]}
END
cat >"$dir/kms.json" <<END
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"$key"}]}
END
try '"UserName": "encrypter"' iam create-user --user-name encrypter
try 'policy/encrypter-s3' iam create-policy --policy-name encrypter-s3 --policy-document file://"$dir/s3.json"
try 'policy/encrypter-kms' iam create-policy --policy-name encrypter-kms --policy-document file://"$dir/kms.json"
try '' iam attach-user-policy --user-name encrypter --policy-arn arn:aws:iam::$account:policy/encrypter-s3
try '"Status": "Active"' iam create-access-key --user-name encrypter
id=$(field AccessKeyId) secret=$(field SecretAccessKey)
admin=$AWS_ACCESS_KEY_ID admin_secret=$AWS_SECRET_ACCESS_KEY
as() { export AWS_ACCESS_KEY_ID="$1" AWS_SECRET_ACCESS_KEY="$2"; }
as "$id" "$secret"
try 'user/encrypter' sts get-caller-identity
try 'kms:GenerateDataKey' s3 cp s3://$bucket/README s3://$bucket/README --sse aws:kms --sse-kms-key-id "$key"

# With the key it copies one object, and then all, onto themselves.
as "$admin" "$admin_secret"
try '' iam attach-user-policy --user-name encrypter --policy-arn arn:aws:iam::$account:policy/encrypter-kms
as "$id" "$secret"
try 'copy:' s3 cp s3://$bucket/README s3://$bucket/README --sse aws:kms --sse-kms-key-id "$key"
try '"SSEKMSKeyId": "'"$key"'"' s3api head-object --bucket $bucket --key README
try 'copy: s3://'$bucket'/photos/3.jpg' s3 cp s3://$bucket/ s3://$bucket/ --recursive --sse aws:kms --sse-kms-key-id "$key"
try '"SSEKMSKeyId": "'"$key"'"' s3api head-object --bucket $bucket --key photos/3.jpg
try '"BucketKeyEnabled": true' s3api head-object --bucket $bucket --key photos/1.jpg
try 'download:' s3 cp s3://$bucket/photos/1.jpg "$dir/back"
cmp "$dir/data/photos/1.jpg" "$dir/back"
end 'the storage blog'
