# What the scripts that call the AWS CLI share. They are run with the command as
# $1, against a fresh simulator whose environment is set.
aws=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
calls=0 refused=0

# call ARGS...: the AWS CLI. Before 2.13 it does not read AWS_ENDPOINT_URL.
call() { "$aws" --endpoint-url "$AWS_ENDPOINT_URL" --output json "$@" 2>&1; }

# holds WANT COMMAND...: the output in $out has to hold WANT, "" means success.
holds() {
	want=$1
	shift
	case $out in
	*"$want"*) if [ -n "$want" ] || [ $status -eq 0 ]; then return; fi ;;
	esac
	printf 'FAIL  aws %s\nwant: %s\n got: %s\n' "$*" "${want:-success}" "$out"
	exit 1
}

# try WANT COMMAND...
try() {
	status=0
	out=$(shift && call "$@") || status=$?
	holds "$@"
	calls=$((calls + 1))
	want=$1
	shift
	echo "ok    aws $(words "$@"): ${want:-success}"
}

# missing COMMAND...: AWS has it and the simulator says that it has not.
missing() {
	status=0
	out=$(call "$@") || status=$?
	holds "NotImplemented" "$@"
	refused=$((refused + 1))
	echo "501   aws $(words "$@")"
}

# words is the beginning of a command, for the list.
words() { printf '%s' "$*" | tr '\n' ' ' | cut -c1-90; }

# field NAME: the value of a member of the answer before.
field() { printf '%s' "$out" | sed -n 's/.*"'"$1"'": "\([^"]*\)".*/\1/p' | head -n 1; }

end() { echo "$("$aws" --version 2>&1 | cut -d' ' -f1), $1: $calls calls as at AWS, $refused refused as not implemented"; }
