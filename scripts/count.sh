# shellcheck shell=bash
# count.sh - what the tests written in bash share: verdicts, a server of their own, and the counted last line.
# SPDX-License-Identifier: Apache-2.0
# Sourced with `top` set, after lib.sh.

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok      $*"; }
bad() { failed=$((failed + 1)); echo "FAILED  $*"; }

# expect WHAT COMMAND...: passes where the command does
expect() {
	local what=$1
	shift
	if "$@"; then ok "$what"; else bad "$what"; fi
}

# same WHAT WANTED GOT
same() {
	if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: wanted \"$2\", got \"$3\""; fi
}

finish() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ "$failed" = 0 ]
	exit
}

# scratch: a folder of this test's own in $scratch, which goes with it; servers started under it are ended.
scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/pangolin-test-XXXXXX") || exit 2
	trap end_scratch EXIT
}

end_scratch() {
	local folder
	for folder in "$scratch"/*/ "$scratch"/*/*/; do
		[ -d "${folder}pids" ] || continue
		[ "$failed" = 0 ] || tail -n 5 "${folder}"logs/*.log 2>/dev/null
		PANGOLIN_RUN=${folder%/} "$top/httpd-conf/run-local.sh" stop
	done
	rm -rf "$scratch"
}

# http CODE-VARIABLE-FREE: prints "CODE CONTENT-TYPE" of a request; the body is in $scratch/body
http() { curl -sS --path-as-is -m 30 -o "$scratch/body" -w '%{http_code} %{content_type}' "$@"; }
