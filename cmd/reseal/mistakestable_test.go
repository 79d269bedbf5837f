package main

// mistakes are what people do to every program of this kind. {B} is a manifest and a
// key, {K} a key, {A} all hazards accepted.
func mistakes() []mistake {
	all := keyMistakes()
	all = append(all, bucketMistakes()...)
	all = append(all, credentialMistakes()...)
	all = append(all, wayMistakes()...)
	all = append(all, jobMistakes()...)
	all = append(all, pathMistakes()...)
	all = append(all, nameMistakes()...)
	all = append(all, fileMistakes()...)
	all = append(all, wordMistakes()...)
	return append(all, numberMistakes()...)
}

func keyMistakes() []mistake {
	const plan = "plan --manifest {manifest} --sse-kms-key-id "
	return []mistake{
		{line: plan + "{keys}none", code: 5, what: "KMS has no key {keys}none in this account and Region", next: "aws kms list-aliases --region us-east-1"},
		{line: plan + "alias/none", code: 5, what: "KMS has no key alias/none in this account and Region", next: "aws kms list-aliases"},
		{line: plan + "{keys}off", code: 5, what: "{keys}off: the key is disabled", next: "aws kms enable-key --key-id {keys}off --region us-east-1"},
		{line: plan + "{keys}going", code: 5, what: "{keys}going: the key is waiting to be deleted; what is encrypted under it would be lost with it",
			next: "aws kms cancel-key-deletion --key-id {keys}going --region us-east-1 && aws kms enable-key --key-id {keys}going --region us-east-1"},
		{line: plan + "{keys}rsa", code: 5, what: "{keys}rsa: a key of spec RSA_2048, for SIGN_VERIFY; S3 encrypts with symmetric keys only",
			next: "aws kms list-aliases --region us-east-1"},
		{line: plan + "arn:aws:kms:eu-central-1:111122223333:key/k", code: 5,
			what: "arn:aws:kms:eu-central-1:111122223333:key/k: the key is in eu-central-1, and S3 encrypts only with keys of the bucket's Region, us-east-1",
			next: "aws kms list-aliases --region us-east-1"},
		{line: plan + "arn:aws:kms:us-east-1:444455556666:key/k", code: 5, what: "KMS has no key arn:aws:kms:us-east-1:444455556666:key/k in this account and Region",
			next: "aws kms list-aliases --region us-east-1"},
		{line: "plan --manifest {manifest}", code: 2, what: "--sse-kms-key-id is needed: without it S3 would take the AWS managed key aws/s3", next: "reseal plan --help"},
	}
}

func bucketMistakes() []mistake {
	return []mistake{
		{line: "plan --manifest s3://no-such-bucket/x/manifest.json {K}", code: 1, what: "bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "plan --manifest nobucket.csv {K}", code: 5, what: "bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "preflight --bucket no-such-bucket {K}", code: 5, what: "bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "inventory snapshot --bucket no-such-bucket --out x", code: 5, what: "bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "inventory ls s3://no-such-bucket/", code: 1, what: "look for reports: bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "jobs s3://no-such-bucket/", code: 1, what: "look for jobs in s3://no-such-bucket/: bucket no-such-bucket does not exist", next: "aws s3 ls"},
		{line: "preflight --bucket script-bucket/key {K}", code: 2, what: `--bucket "script-bucket/key": want the name of a bucket alone, such as script-bucket`,
			next: "reseal preflight --help"},
		{line: "enforce --bucket no_ {K}", code: 2, what: `--bucket "no_": no bucket can have this name`, next: "reseal enforce --help"},
		{line: "plan --manifest s3:// {K}", code: 2, what: "--manifest: s3:// names no bucket", next: "reseal plan --help"},
		{line: "plan --manifest s3://script-bucket {K}", code: 1, what: "no complete inventory report found below s3://script-bucket/", next: "reseal inventory ls s3://script-bucket/"},
		{line: "plan --manifest s3://reseal-reports/typo/manifest.json {K}", code: 1, what: "s3://reseal-reports/typo/manifest.json does not exist", next: "aws s3 ls s3://reseal-reports/typo/"},
	}
}

func credentialMistakes() []mistake {
	const who = "aws sts get-caller-identity"
	const nobody = "AWS_ACCESS_KEY_ID=NOBODY AWS_SECRET_ACCESS_KEY=nobody-secret"
	return []mistake{
		{env: "AWS_SECRET_ACCESS_KEY=wrong", line: "plan {B}", code: 1, what: "the credentials were refused: the secret access key does not belong to the access key id", next: who},
		{env: "AWS_SECRET_ACCESS_KEY=wrong", line: "preflight --bucket script-bucket {K}", code: 1,
			what: "the credentials were refused: the secret access key does not belong to the access key id", next: who},
		{env: "AWS_ACCESS_KEY_ID=WRONG", line: "plan --manifest bucket.csv {K}", code: 1, what: "the credentials were refused: nobody has this access key id", next: who},
		{env: "AWS_SESSION_TOKEN=wrong", line: "plan --manifest bucket.csv {K}", code: 1, what: "the credentials were refused: the session token is not valid", next: who},
		{env: "AWS_ACCESS_KEY_ID=", line: "plan {B}", code: 1, what: "there are no AWS credentials that could be used", next: who},
		{line: "plan {B} --profile nope", code: 1, what: "profile nope: no file in ~/.aws has a profile of that name", next: "aws configure list-profiles"},
		{env: nobody, line: "plan {B}", code: 1, what: "access denied: the caller may not read {manifest}", next: "reseal preflight --bucket reseal-reports"},
		{env: nobody, line: "preflight --bucket script-bucket {K}", code: 5, what: "access denied: the caller may not list bucket script-bucket", next: who},
		{env: nobody, line: "plan --manifest bucket.csv {K}", code: 5, what: "access denied: the caller may not list bucket script-bucket", next: who},
		{env: nobody, line: "status s3://script-bucket/job", code: 1, what: "open job s3://script-bucket/job: read s3://script-bucket/job/plan.json: access denied: " +
			"the caller may not read s3://script-bucket/job/plan.json", next: "reseal preflight --bucket script-bucket"},
	}
}

// wayMistakes are those on the way to the service.
func wayMistakes() []mistake {
	const unreached = "the service was not reached: "
	return []mistake{
		{line: "plan {B} --endpoint-url http://127.0.0.1:1", code: 1, what: unreached + "127.0.0.1:1: nothing listens there (connection refused)", next: "curl -sSI http://127.0.0.1:1"},
		{line: "preflight --bucket script-bucket {K} --endpoint-url http://127.0.0.1:1", code: 1, what: unreached + "127.0.0.1:1: nothing listens there (connection refused)",
			next: "curl -sSI http://127.0.0.1:1"},
		{line: "run {B} --job new --yes --endpoint-url {old}", code: 1, what: unreached + "the two sides have no TLS version in common; reseal speaks 1.2 and 1.3",
			next: "openssl s_client -connect {oldport} -tls1_2"},
		{line: "plan {B} --endpoint-url {tls}", code: 1,
			what: unreached + "the certificate is from an authority that this machine does not trust: a private one, or something between that opens TLS", next: "curl -sSI {tls}"},
		{line: "plan {B} --endpoint-url https://{port}", code: 1, what: unreached + "the other side does not speak TLS: an http:// address, or a proxy's", next: "env | grep -i proxy"},
		{line: "plan {B} --endpoint-url http://s3.example.com", code: 1, what: "check endpoint http://s3.example.com: requests would cross the network without TLS",
			next: "reseal plan {B} --endpoint-url https://s3.example.com"},
		{line: "plan {B} --endpoint-url {port}", code: 1, what: "check endpoint {port}: not a URL", next: "reseal plan {B} --endpoint-url https://{port}"},
		{line: "plan {B} --endpoint-url https://s3.invalid", code: 1, what: unreached + "DNS does not know the name s3.invalid", next: "getent hosts s3.invalid"},
		{line: "plan {B} --ca-bundle nope.pem", code: 1, what: "read CA bundle {dir}/nope.pem: no such file or directory", next: "ls -ld {dir}/nope.pem"},
		{env: "AWS_CA_BUNDLE=bad.pem", line: "plan {B}", code: 1, what: "read CA bundle bad.pem: no certificate in PEM is in it", next: "ls -ld bad.pem"},
	}
}

func jobMistakes() []mistake {
	const none = "there is no job in nope; name the one that is meant, or make a new one: reseal run with --manifest and --sse-kms-key-id"
	return []mistake{
		{line: "status nope", code: 1, what: none, next: "reseal jobs"},
		{line: "ctl pause --job nope", code: 1, what: none, next: "reseal jobs"},
		{line: "retry-failed nope", code: 1, what: none, next: "reseal jobs"},
		{line: "status full", code: 1, what: "open job full: no plan.json in it, so it is not a job of reseal", next: "reseal jobs"},
		{line: "status afile", code: 1, what: "open job afile: afile is not a folder, or lies below what is none", next: "ls -ld afile"},
		{line: "run {B} --job full --yes", code: 1, what: "make job full: the folder has files, and none of a job; name a new one", next: "reseal run {B} --yes --job full/job"},
		{line: "run {B} --job s3://script-bucket --yes", code: 2, what: `--job "s3://script-bucket": want a folder, or s3://bucket/prefix`, next: "reseal jobs s3://script-bucket/"},
		{line: "run {B} --job s3://no-such-bucket/j --yes", code: 1, what: "open job s3://no-such-bucket/j: read s3://no-such-bucket/j/plan.json: bucket no-such-bucket does not exist",
			next: "aws s3 ls"},
		{line: "run --manifest {manifest} --sse-kms-key-id {keys}other --job done --yes", code: 6, what: "done belongs to another job: --sse-kms-key-id is {key} there and {keys}other here"},
		{line: "run {B} --job new {A}", code: 2, what: "there is no terminal to ask at; add --yes to go on without being asked", next: "reseal run --help"},
		{line: "run {B} --job new --yes", code: 5, what: "refused: nothing was written, as this bucket holds hazards that were not accepted",
			next: "reseal run {B} --job new --yes --probe-key-prefix reseal-probe/"},
	}
}

func pathMistakes() []mistake {
	const unlike = "reseal inventory --help"
	return []mistake{
		{line: "plan --manifest nowhere/manifest.json {K}", code: 1, what: "{dir}/nowhere is not there", next: "ls -la {dir}"},
		{line: "plan --manifest notes.txt {K}", code: 1, what: "notes.txt is neither the manifest.json of a report nor a list of objects, whose lines are bucket,key", next: unlike},
		{line: "plan --manifest empty.csv {K}", code: 1, what: "{dir}/empty.csv: the list is empty", next: unlike},
		{line: "plan --manifest ftp://x/y {K}", code: 2, what: "--manifest: ftp://x/y: want s3://bucket/key, a path, an ARN of S3 or an address of the AWS console", next: "reseal plan --help"},
		{line: "inventory ls nope", code: 1, what: "{dir}/nope is not there", next: "ls -la {dir}"},
		{line: "jobs nope", code: 1, what: "look for jobs: nope is not there", next: "ls -la ."},
		{line: "plan {B} --html nope/plan.html", code: 1, what: "write nope/plan.html: the folder nope is not there", next: "mkdir -p nope"},
		{line: "plan {B} --config nope.yaml", code: 2, what: "--config: nope.yaml is not there", next: "ls -la ."},
		{line: "plan {B} --config options.yaml", code: 2, what: `options.yaml:1: "kms-shar" is no option; did you mean kms-share?`, next: "reseal plan --help"},
		{line: "status done", full: true, code: 1, what: "/dev/stdout: no space left on device", next: "df -h ."},
		{line: "report done", full: true, code: 1, what: "/dev/stdout: no space left on device", next: "df -h ."},
	}
}

func numberMistakes() []mistake {
	const help = "reseal plan --help"
	return []mistake{
		{line: "plan {B} --kms-share 25", code: 2, what: `--kms-share: "25": want a share with its sign, such as 25%`, next: help},
		{line: "plan {B} --kms-rps 0", code: 2, what: `--kms-rps "0": want a rate above 0`, next: help},
		{line: "plan {B} --concurrency -5", code: 2, what: "--concurrency -5: want 1 to 100000", next: help},
		{line: "plan {B} --min-size 1x", code: 2, what: `--min-size: "1x" is not a size; want e.g. 128KiB or 5GiB`, next: help},
		{line: "plan {B} --newer-than yesterday", code: 2, what: `--newer-than "yesterday": want an age such as 12h, 30d or 8w, or a date such as 2026-01-31`, next: help},
		{line: "run {B} --job new --yes --max-duration 7", code: 2, what: `--max-duration "7": want a time such as 90s or 7h30m`, next: "reseal run --help"},
		{line: "run {B} --job new --yes --shard 3/2", code: 2, what: "--shard 3/2: there is no share 3 of 2; want 0 to N-1 of N, and N at most 10000", next: "reseal run --help"},
		{line: "plan {B} --mainfest x", code: 2, what: "unknown flag: --mainfest; did you mean --manifest?", next: help},
		{line: "pln", code: 2, what: `unknown command "pln"; did you mean reseal plan or reseal run?`, next: "reseal --help"},
	}
}

// nameMistakes are names of files, folders and jobs that cannot be meant. {SP} is a blank
// and {LF} a line feed, in one argument.
func nameMistakes() []mistake {
	const (
		run  = "reseal run --help"
		home = ": no shell put your home folder in the place of ~; write it out"
		none = ": want the name of a file or folder; only report --out, survey --out and plan --html write to stdout"
		line = ": a name with control characters; rename it"
	)
	return []mistake{
		{line: "run {B} --yes {A} --job {NONE}", code: 2, what: "--job is needed: the folder that records the progress", next: run},
		{line: "run {B} --yes {A} --job -", code: 2, what: "--job -" + none, next: run},
		{line: "run {B} --yes {A} --job ~/job", code: 2, what: "--job ~/job" + home, next: run},
		{line: "run {B} --yes {A} --job {SP}", code: 2, what: `--job " ": a name of blanks alone`, next: run},
		{line: "run {B} --yes {A} --job a{LF}b", code: 2, what: `--job "a\nb"` + line, next: run},
		{line: "run {B} --yes {A} --job loop", code: 1, what: "open job loop: loop: its symbolic links lead in a circle", next: "ls -ld loop"},
		{line: "run {B} --yes {A} --job pipe", code: 1, what: "open job pipe: pipe is not a folder, or lies below what is none", next: "ls -ld pipe"},
		{line: "run {B} --yes {A} --job afile/", code: 1, what: "open job afile/: afile/ is not a folder, or lies below what is none", next: "ls -ld afile/"},
		{line: "status ~/job", code: 2, what: "--job ~/job" + home, next: "reseal status --help"},
		{line: "status a{LF}b", code: 2, what: `--job "a\nb"` + line, next: "reseal status --help"},
		{line: "status afile/x", code: 1, what: "open job afile/x: afile/x is not a folder, or lies below what is none", next: "ls -ld afile/x"},
		{line: "status nope{SP}ü", code: 1, what: "there is no job in nope ü; name the one that is meant, or make a new one: reseal run with --manifest and --sse-kms-key-id", next: "reseal jobs"},
		{line: "jobs ~", code: 2, what: "jobs ~" + home, next: "reseal jobs --help"},
		{line: "jobs loop", code: 1, what: "look for jobs: loop: its symbolic links lead in a circle", next: "ls -ld loop"},
		{line: "inventory ls ~/reports", code: 2, what: "inventory ls ~/reports" + home, next: "reseal inventory ls --help"},
		{line: "plan --manifest ~/manifest.json {K}", code: 2, what: "--manifest ~/manifest.json" + home, next: "reseal plan --help"},
		{line: "plan --manifest - {K}", code: 2, what: "--manifest -" + none, next: "reseal plan --help"},
		{line: "plan --manifest pipe {K}", code: 1, what: "pipe: not a regular file", next: "ls -ld pipe"},
		{line: "plan --manifest loop {K}", code: 1, what: "loop: its symbolic links lead in a circle", next: "ls -ld loop"},
		{line: "inventory snapshot --bucket script-bucket --out -", code: 2, what: "--out -" + none, next: "reseal inventory snapshot --help"},
		{line: "inventory snapshot --bucket script-bucket --out ~/x", code: 2, what: "--out ~/x" + home, next: "reseal inventory snapshot --help"},
		{line: "inventory snapshot --bucket script-bucket --out afile", code: 1, what: "make folder: afile is not a folder, or lies below what is none", next: "ls -ld afile"},
		{line: "export batch-operations done --out full", code: 1, what: "make folder for the manifests: full is there already", next: "ls -ld full"},
		{line: "report done --out full/", code: 1, what: "write full/: that names a folder, not a file", next: "ls -ld full/"},
		{line: "report done --out full", code: 1, what: "write full: that is a folder; name a file in it", next: "ls -ld full"},
		{line: "report done --out loop", code: 1, what: "write loop: its symbolic links lead in a circle", next: "ls -ld loop"},
		{line: "report done --out afile/x", code: 1, what: "write afile/x: afile is not a folder", next: "ls -ld afile/x"},
		{line: "report done --out ~/x.html", code: 2, what: "--out ~/x.html" + home, next: "reseal report --help"},
		{line: "report done --out a{LF}b", code: 2, what: `--out "a\nb"` + line, next: "reseal report --help"},
		{line: "plan {B} --html ~/x.html", code: 2, what: "--html ~/x.html" + home, next: "reseal plan --help"},
		{line: "plan {B} --html full", code: 1, what: "write full: that is a folder; name a file in it", next: "ls -ld full"},
		{line: "run {B} --yes {A} --job new --log-file -", code: 2, what: "--log-file -" + none, next: run},
		{line: "run {B} --yes {A} --job new --log-file ~/x.log", code: 2, what: "--log-file ~/x.log" + home, next: run},
		{line: "run {B} --yes {A} --job new --log-file full", code: 1, what: "write full: that is a folder; name a file in it", next: "ls -ld full"},
		{line: "run {B} --yes {A} --job new --log-file nope/x.log", code: 1, what: "write nope/x.log: the folder nope is not there", next: "mkdir -p nope"},
	}
}

// fileMistakes are small files named by flags that are none.
func fileMistakes() (all []mistake) {
	for _, flag := range []string{"prices", "facts", "config"} {
		for name, why := range map[string]string{
			"pipe": "is a FIFO; want a regular file", "full": "is a folder; want a regular file", "loop": "cannot be opened: its symbolic links lead in a circle",
			"utf16": "is in UTF-16; save it as UTF-8", "/dev/zero": "is a device; want a regular file",
		} {
			path := "{dir}/" + name
			if flag == "config" || name[0] == '/' {
				path = name
			}
			all = append(all, mistake{line: "plan {B} --" + flag + " " + name, code: 2, what: "--" + flag + ": " + path + " " + why, next: "ls -ld " + path})
		}
	}
	for _, name := range []string{"pipe", "/dev/zero"} {
		why := map[string]string{"pipe": "is a FIFO", "/dev/zero": "is a device"}[name] + "; want a regular file"
		bundle := map[string]string{"pipe": "{dir}/pipe", "/dev/zero": "/dev/zero"}[name]
		all = append(all,
			mistake{line: "plan {B} --ca-bundle " + name, code: 1, what: "read CA bundle " + bundle + ": " + why, next: "ls -ld " + bundle},
			mistake{env: "AWS_CA_BUNDLE=" + name, line: "plan {B}", code: 1, what: "read CA bundle " + name + ": " + why, next: "ls -ld " + name},
			mistake{line: "preflight --bucket script-bucket {K} --readers " + name, code: 2, what: "--readers: " + name + " " + why, next: "ls -ld " + name},
		)
	}
	return append(all,
		mistake{line: "plan {B} --prices notes.txt", code: 2, what: "--prices {dir}/notes.txt: read prices: no JSON", next: "reseal plan --help"},
		mistake{line: "plan {B} --facts notes.txt", code: 2, what: "--facts {dir}/notes.txt: not what selfcheck writes: no JSON", next: "reseal plan --help"},
		mistake{line: "preflight --bucket script-bucket {K} --readers notes.txt", code: 2, what: `--readers: notes.txt: "these are my notes" is no ARN of a user or role`, next: "reseal preflight --help"},
	)
}

// wordMistakes are words of which there are only some.
func wordMistakes() []mistake {
	return []mistake{
		{line: "completion fishy", code: 2, what: `completion "fishy": want bash, zsh or fish; did you mean fish?`, next: "reseal completion --help"},
		{line: "completion", code: 2, what: "completion takes the name of one shell: bash, zsh or fish", next: "reseal completion --help"},
		{line: "completion bash x", code: 2, what: "completion takes the name of one shell: bash, zsh or fish", next: "reseal completion --help"},
		{line: "help pln", code: 2, what: `unknown command "pln"; did you mean reseal plan or reseal run?`, next: "reseal help --help"},
		{line: "help inventory snapshoot", code: 2, what: `unknown command "inventory snapshoot"; did you mean reseal inventory snapshot?`, next: "reseal help --help"},
		{line: "inventory snapshoot", code: 2, what: `unknown command "inventory snapshoot"; did you mean reseal inventory snapshot?`, next: "reseal inventory --help"},
		{line: "export batch-operation", code: 2, what: `unknown command "export batch-operation"; did you mean reseal export batch-operations?`, next: "reseal export --help"},
		{line: "ctl done pausee", code: 2, what: `ctl "pausee": want status, pause, resume, kms-rps, concurrency or drain; did you mean pause?`, next: "reseal ctl --help"},
		{line: "report done --format htm", code: 2, what: `--format "htm": want text, json, html, csv or lines; did you mean html?`, next: "reseal report --help"},
		{line: "plan {B} --method updat", code: 2, what: `--method "updat": want copy, update or auto; did you mean update?`, next: "reseal plan --help"},
		{line: "preflight --bucket script-bucket {K} --method updat", code: 2, what: `--method "updat": want copy, update or auto; did you mean update?`, next: "reseal preflight --help"},
		{line: "plan {B} --versions al", code: 2, what: `--versions "al": want current or all; did you mean all?`, next: "reseal plan --help"},
		{line: "plan {B} --sse aws:kmss", code: 2, what: `--sse "aws:kmss": want aws:kms or AES256; did you mean aws:kms?`, next: "reseal plan --help"},
		{line: "run {B} --yes --job new --results failure", code: 2, what: `--results "failure": want failures or all; did you mean failures?`, next: "reseal run --help"},
		{line: "inventory snapshot --bucket script-bucket --out x --format parqet", code: 2, what: `--format "parqet": want CSV or Parquet; did you mean Parquet?`, next: "reseal inventory snapshot --help"},
		{line: "verify done --allow archivd", code: 2, what: `--allow "archivd": want not-done, changed-since-NOT-under-key, never-under-key, lost-attribute, could-not-look or not-compared`, next: "reseal verify --help"},
		{line: "man", code: 2, what: "man takes one folder, for the pages", next: "reseal man --help"},
	}
}
