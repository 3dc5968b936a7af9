# shellcheck shell=bash
# suites.sh - the suites of ./check: a table, and a function each that ends in "N passed, M failed, K skipped".
# SPDX-License-Identifier: Apache-2.0
# Sourced by check: `top` is the source tree, `full` is set for full sizes.  Output goes to the suite's log;
# lines that begin with "note: " are figures for the summary.

# Those that take long stand first: two run at a time.
suites() {
	cat <<-END
		build:everything compiles without a warning
		layers:who may include whom
		style:format, lengths, comments
		asan:unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
		live:PyIceberg against a running catalog on files and S3, bad input
		scans:scans planned by the server beside those of Java and PyIceberg
		stores:the unit tests that need a store, on each store
		conformance:what every store must do, races and kill -9 included
		objects:object IO, and what is vended for one table tried on its neighbours, on real S3 servers
		differential:random tables, commits, files and filters, through our core and PyIceberg's; signatures, through Azure's library
		distcheck:the tarball holds everything, builds and tests itself
		quickstart:two commands, from nothing to a running catalog, twice side by side
		httpd:lighttpd and Apache in front of the same responders
		growth:no memory is lost over many requests; what grants cost a load
		scale:the same counts among 100 tables and among 100,000
		contract:every operation of Iceberg's OpenAPI document, each answer held to its schema
		duckdb:DuckDB against a running catalog on files and S3
		spark:Spark SQL against a running catalog
		kit:Iceberg's REST Compatibility Kit
	END
	[ -z "$full" ] || cat <<-END
		unit:make check without sanitizers
		fuzz:libFuzzer on what reads strangers' bytes, from the inputs that "asan" replays
		minio:PyIceberg on MinIO
		trino:Trino against a running catalog
		bench:loads and commits a second
	END
}

tree=$top/build/check         # gcc -Werror
asan_tree=$top/build/asan     # the same under sanitizers
fuzz_tree=$top/build/fuzz     # clang, libFuzzer

# What tests are built with is compiled quickly; `distcheck` finds the same in the compiler's cache.
strict=(--enable-werror CFLAGS='-O1 -g1')

# full SMALL LARGE: the size of this run
size() { if [ -n "$full" ]; then echo "$2"; else echo "$1"; fi; }

# Builds a tree with its test programs.
build_tests() {
	local make_targets=(check TESTS=)
	build_tree "$1" "$2" "${@:3}"
}

# What the logs of `make check` in a folder add up to: Check's own counts where a program prints them, else one a test.
count_automake() {
	local folder=$1 log result
	find "$folder" -name '*.trs' | sort | while read -r trs; do
		log=${trs%.trs}.log
		result=$(sed -n 's/^:test-result: //p' "$trs" | head -1)
		awk -v result="$result" '
			/Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
				gsub(/[^0-9]+/, " "); n = split($0, a, " ")
				checks += a[n - 2]; bad += a[n - 1] + a[n]
			}
			/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { checks += $1 + $3; bad += $3 }
			END {
				if (!checks) checks = 1
				if (result != "PASS" && result != "SKIP" && !bad) bad = 1
				skip = result == "SKIP" ? checks : 0
				print checks - bad - skip, bad, skip
			}' "$log"
	done | awk '{ p += $1; f += $2; k += $3 } END { print p + 0 " passed, " f + 0 " failed, " k + 0 " skipped" }'
}

# check_tree FOLDER: `make check` there, counted
check_tree() {
	rm -f "$1"/tests/*/*.trs "$1"/tests/*.trs "$1"/*.trs
	make -C "$1" -k -j"$(nproc)" check
	local status=$?
	find "$1" -name '*.trs' | while read -r trs; do
		grep -q '^:test-result: PASS' "$trs" || { echo "FAILED ${trs%.trs}"; cat "${trs%.trs}.log"; }
	done
	count_automake "$1"
	return $status
}

suite_build() {
	build_tests "$tree" "with -Werror" "${strict[@]}" || return
	build_tree "$top/build" pangolin || return
	echo "$(find "$tree" -name '*.o' | wc -l) passed, 0 failed, 0 skipped"
}

suite_layers() { "$top/tests/layers"; }

suite_style() { "$top/tests/style" --strict; }

suite_unit() { build_tests "$tree" "with -Werror" "${strict[@]}" && check_tree "$tree"; }

# matrix STORE KIND "N passed, M failed...": a cell of the table that check prints at its end
matrix() { sed -n "s/^\([0-9]*\) passed, \([0-9]*\) failed.*/matrix: $1|$2|\1|\2/p" <<<"$3"; }

# The programs that ask tests/unit/fresh_store.h for a store; few of them at small size.
store_tests() { size "content names tenants rest transactions views branches" \
	"content names tenants rest transactions views branches branch_model branch_races branch_crashes trim rest_branches rest_folders rest_loads rest_pages rest_state idempotency credentials matrix isolation isolation_fields server quotas quota_model seals"; }

# branch_sizes STORE: how much of branches is tried at full size: operations beside a model, kills
branch_sizes() {
	case $1 in
	mongodb) echo BRANCH_OPERATIONS=300 BRANCH_KILLS=2 ;;
	postgresql) echo BRANCH_OPERATIONS=10000 BRANCH_KILLS=12 ;;
	*) echo BRANCH_OPERATIONS=10000 BRANCH_KILLS=all ;;
	esac
}

# unit_on STORE [URL]: those on one store
unit_on() {
	local name line sizes=()
	[ -z "$full" ] || read -ra sizes <<<"$(branch_sizes "$1")"
	for name in $(store_tests); do
		env PANGOLIN_TEST_STORE="${2:-$1}" "${sizes[@]}" timeout 900 "$tree/tests/unit/test_$name" >"$logs/unit-$1.log" 2>&1
		grep -E '^[^:]*:[0-9]+:[FE]:' "$logs/unit-$1.log" | sed "s/^/FAILED on $1: /"
		line=$(grep -oE 'Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+' "$logs/unit-$1.log" || echo 'Checks: 1, Failures: 1, Errors: 0')
		awk -F'[^0-9]+' '{ print $2 - $3 - $4 " passed, " $3 + $4 " failed, 0 skipped" }' <<<"$line"
	done | add_up "$(store_tests | wc -w)" >"$logs/unit-$1.sum"
	grep '^FAILED' "$logs/unit-$1.sum"
	tail -1 "$logs/unit-$1.sum"
	matrix "$1" unit "$(tail -1 "$logs/unit-$1.sum")"
}

# start_server mongo|postgres ARGUMENT...: sets the caller's variables as tests/live/servers/NAME.sh says; false where it
# did not start, so that nothing is tried on another store instead
start_server() {
	local line
	line=$(PYTHON=$PANGOLIN_TEST_CACHE/venv/bin/python "$top/tests/live/servers/$1.sh" "${@:2}") && [ -n "$line" ] && eval "$line" && return
	echo "FAILED $1 did not start"
	return 1
}

suite_stores() {
	build_tests "$tree" "with -Werror" "${strict[@]}" || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	local folder pid url mongo mongo_pid
	folder=$(mktemp -d)
	chmod 711 "$folder"
	start_server mongo "$folder/mongo" || return
	mongo=${url%/*} mongo_pid=$pid
	start_server postgres "$folder/postgres" || { kill "$mongo_pid"; return 1; }
	{
		unit_on mongodb "$mongo" >"$folder/mongo.log" &
		unit_on sqlite
		unit_on memory
		unit_on postgresql "$url"
		wait
		cat "$folder/mongo.log"
	} 2>&1 | add_up 4
	kill -INT "$pid" && kill "$mongo_pid"
	rm -rf "$folder"
}

suite_asan() {
	build_tests "$asan_tree" "with sanitizers" --enable-sanitizers --enable-werror || return
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
	check_tree "$asan_tree"
}

# add_up PARTS: hands its input on, then adds up the counted lines in it; a part that came to none died, and has failed
add_up() {
	awk -v parts="$1" '{ print; fflush() }
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; k += $5; n++ }
		END { print p + 0 " passed, " f + (n < parts ? parts - n : 0) " failed, " k + 0 " skipped" }'
}

# conformance_on STORE URL [--all]
conformance_on() {
	local out
	out=$("$tree/tests/conformance/conformance" "${@:3}" "$2" 2>&1 | tee /dev/stderr | sed -n 's/^.*: \([0-9]* passed, [0-9]* failed\)$/\1, 0 skipped/p' | tail -1)
	echo "${out:-0 passed, 1 failed, 0 skipped}"
	matrix "$1" conformance "${out:-0 passed, 1 failed}"
}

# The conformance program on each store: a file, a folder on tmpfs, a PostgreSQL, the same behind a pooler; beside
# them, as it is a slow one, a MongoDB.
suite_conformance() {
	build_tests "$tree" "with -Werror" "${strict[@]}" || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	local folder memory pid url pooler pooled mongo mongo_pid
	folder=$(mktemp -d) memory=$(mktemp -d /dev/shm/pangolin-check-XXXXXX)
	chmod 711 "$folder"
	start_server mongo "$folder/mongo" || return
	mongo=$url mongo_pid=$pid
	start_server postgres "$folder/postgres" --pgbouncer || { kill "$mongo_pid"; return 1; }
	{
		conformance_on mongodb "$mongo" --slow >"$folder/mongo.log" 2>&1 &
		conformance_on sqlite "sqlite://$folder/conformance.db" ${full:+--all}
		conformance_on memory "memory:$memory" ${full:+--all}
		conformance_on postgresql "$url" ${full:+--all}
		conformance_on pgbouncer "$pooled" --slow
		wait
		cat "$folder/mongo.log"
	} 2>&1 | add_up 5
	kill "$pooler" "$mongo_pid" && kill -INT "$pid"
	rm -rf "$folder" "$memory"
}

# fuzz_one NAME SECONDS: libFuzzer looks for inputs that break a target, from the corpus on
fuzz_one() {
	local name=$1 found
	found=$(mktemp -d)
	say "$name for $2 s"
	if "$fuzz_tree/tests/fuzz/$name" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$logs/$name-" "$found" "$top/tests/fuzz/corpus/${name#fuzz_}"; then
		echo "1 passed, 0 failed, 0 skipped"
	else
		echo "FAILED $name: the input is in build/logs/$name-*"
		echo "0 passed, 1 failed, 0 skipped"
	fi
	rm -rf "$found"
}

# `make check` replays the corpora; here clang builds the targets with all sanitizers and libFuzzer searches on.
suite_fuzz() {
	local targets make_targets
	mapfile -t targets < <(basename -s .c "$top"/tests/fuzz/fuzz_*.c)
	make_targets=("${targets[@]/#/tests/fuzz/}")
	build_tree "$fuzz_tree" "the fuzzers" --enable-fuzzers CC=clang \
		CFLAGS="-g1 -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" || return
	for target in "${targets[@]}"; do
		fuzz_one "$target" "$(size 3 60)"
	done 2>&1 | add_up ${#targets[@]}
}

# Files that git keeps and the tarball does not; files in it that neither git keeps nor autoreconf makes.
distcheck_files() {
	tar tf "$1" | sed -n 's|^[^/]*/\(.*[^/]\)$|\1|p' | sort >"$logs/packed.txt"
	git ls-files 2>/dev/null | sort >"$logs/kept.txt"
	[ -s "$logs/kept.txt" ] || return 0
	comm -23 "$logs/kept.txt" "$logs/packed.txt" | sed 's/^/FAILED the tarball lacks /'
	comm -13 "$logs/kept.txt" "$logs/packed.txt" | grep -vE '^(build-aux/.*|configure|aclocal\.m4|Makefile\.in)$' |
		sed 's/^/FAILED the tarball holds /'
}

suite_distcheck() {
	local tarball left distcheck_tests
	distcheck_tests=$(size "tests/layers tests/unit/test_text tests/unit/test_content tests/unit/test_rest" "")
	build_tests "$tree" "with -Werror" "${strict[@]}" || return
	rm -f "$tree"/pangolin-*.tar.xz
	# The suites "unit" and "asan" have run all tests: by --all the tarball's do so, too.
	make -C "$tree" distcheck -j"$(nproc)" DISTCHECK_CONFIGURE_FLAGS="--enable-werror CFLAGS='-O1 -g1'" ${distcheck_tests:+TESTS="$distcheck_tests"} || return
	tarball=$(ls "$tree"/pangolin-*.tar.xz)
	left=$(distcheck_files "$tarball")
	if [ -n "$left" ]; then
		echo "$left"
		echo "1 passed, $(echo "$left" | wc -l) failed, 0 skipped"
		return 1
	fi
	echo "$(wc -l <"$logs/packed.txt") passed, 0 failed, 0 skipped"
}

suite_quickstart() { env -u CC "$top/tests/quickstart"; }

suite_httpd() { build_tree "$top/build" pangolin && "$top/tests/httpd"; }

suite_growth() {
	build_tree "$top/build" pangolin || return
	{
		# shellcheck disable=SC2046
		"$top/tests/growth" $(size "10000 300" "10000 10000")
		[ -z "$full" ] || "$top/tests/cost" 10000 100000
	} 2>&1 | add_up "$(size 1 2)"
}

suite_scale() {
	build_tree "$top/build" pangolin || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	# shellcheck disable=SC2046
	"$top/tests/scale" $(size "100 2000" "100 10000 100000")
}

# --- clients ------------------------------------------------------------------

export PANGOLIN_TEST_CACHE=${PANGOLIN_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pangolin-tests}

# run_pytest ARGUMENT...: pytest in the live tests' environment, its summary as a counted line
run_pytest() {
	local out status
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python oidc || return
	out=$(mktemp)
	"$PANGOLIN_TEST_CACHE/venv/bin/python" -m pytest -c "$top/tests/live/pytest.ini" -v --color=no "$@" 2>&1 | tee "$out"
	status=${PIPESTATUS[0]}
	tail -1 "$out" | awk '{
		for (i = 2; i <= NF; i++) { sub(/,$/, "", $i); n[$i] = $(i - 1) }
		print n["passed"] + n["xfailed"] + 0 " passed, " n["failed"] + n["error"] + n["errors"] + n["xpassed"] + 0 " failed, " n["skipped"] + 0 " skipped"
	}'
	rm -f "$out"
	return "$status"
}

# SeaweedFS comes with the live tests' environment.  MinIO is built by Go (1.24 or newer): minutes the first time, so only with --all.
get_minio() {
	export MINIO=${MINIO:-minio}
	command -v "$MINIO" >/dev/null && return
	MINIO=$PANGOLIN_TEST_CACHE/bin/minio
	[ -x "$MINIO" ] && return
	[ -n "$full" ] || return
	say "building MinIO"
	"$top/tests/live/servers/minio.sh" --install "$MINIO" || { echo "FAILED MinIO can't be built: is Go 1.24 or newer in the PATH?"; return 1; }
}

suite_objects() {
	local servers=(seaweedfs)
	build_tests "$tree" "with -Werror" "${strict[@]}" || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	export WEED=$PANGOLIN_TEST_CACHE/venv/bin/weed
	if get_minio; then
		servers+=(minio)
	elif [ -n "$full" ]; then
		return 1
	fi
	PAIRS=$(size 200 10000) "$top/tests/s3/run" "$tree/tests/s3" "${servers[@]}"
}

# What suites of their own run.
apart=(--ignore-glob='*test_spark*' --ignore-glob='*test_contract*' --ignore-glob='*test_duckdb*' --ignore-glob='*test_scan_planning*' --ignore-glob='*test_trino*')

# compare_one PROGRAM SCRIPT ROUNDS: both agree on everything that is made up, the same in every run
compare_one() {
	if "$PANGOLIN_TEST_CACHE/venv/bin/python" "$top/tests/differential/$2" "$tree/tests/differential/$1" "$3"; then
		echo "$3 passed, 0 failed, 0 skipped"
	else
		echo "FAILED $2"
		echo "0 passed, 1 failed, 0 skipped"
	fi
}

suite_differential() {
	local make_targets=(tests/differential/apply tests/differential/prune tests/differential/sas)
	build_tree "$tree" "with -Werror" --enable-werror || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	{
		compare_one apply compare.py "$(size 40 400)"
		compare_one prune prune.py "$(size 300 5000)"
		compare_one sas sas.py "$(size 500 20000)"
	} 2>&1 | sed 's/^[0-9]* tables[,;]/note: &/' | add_up 3
}

suite_minio() {
	build_tree "$top/build" pangolin && get_minio || return
	run_pytest "$top/tests/live" "${apart[@]}" --all --s3 minio --at sqlite-s3,memory-s3,sqlite-vended
}

suite_live() {
	build_tree "$top/build" pangolin || return
	[ -z "$full" ] || "$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" azurite || return
	run_pytest "$top/tests/live" "${apart[@]}" ${full:+--all}
}

suite_contract() {
	build_tree "$top/build" pangolin || return
	run_pytest "$top/tests/live/test_contract.py" ${full:+--all}
}

suite_duckdb() {
	build_tree "$top/build" pangolin || return
	run_pytest "$top/tests/live/test_duckdb.py" ${full:+--all}
}

suite_trino() {
	build_tree "$top/build" pangolin || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python trino || return
	run_pytest "$top/tests/live/test_trino.py" --all
}

suite_spark() {
	build_tree "$top/build" pangolin || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" spark || return
	run_pytest "$top"/tests/live/test_spark*.py --at "$(size sqlite-file sqlite-file,memory-file,postgresql-file,sqlite-s3,memory-s3,sqlite-vended,sqlite-signed)" ${full:+--all}
}

suite_scans() {
	build_tree "$top/build" pangolin || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" spark || return
	run_pytest "$top/tests/live/test_scan_planning.py" --at sqlite-file ${full:+--all}
}

# kit_on STORE [ARGUMENT]...: the kit against a server of its own
kit_on() {
	local run memory='' pid='' url status out
	run=$(mktemp -d)
	chmod 711 "$run"
	[ "$1" != memory ] || memory=$(mktemp -d /dev/shm/pangolin-kit-XXXXXX)
	case $1 in
	postgresql) start_server postgres "$run/postgres" ;;
	mongodb) start_server mongo "$run/mongo" ;;
	esac || { echo "0 passed, 1 failed, 0 skipped"; return 1; }
	say "the kit on $*"
	out=$(
		export PANGOLIN_RUN=$run/run PANGOLIN_PORT PANGOLIN_FILE_ROOTS=$run/run/warehouse:/tmp
		PANGOLIN_PORT=$(free_port)
		[ -z "$memory" ] || export DATABASE_URL=memory:$memory
		[ -z "$pid" ] || export DATABASE_URL=$url
		"$top/quickstart" --no-demo >&2 || exit 1
		"$top/tests/live/rck/run" "${@:2}" | tee /dev/stderr
		status=${PIPESTATUS[0]}
		[ "$status" = 0 ] || tail -n 5 "$run"/run/logs/*.log >&2
		"$top/quickstart" stop >&2
		exit "$status"
	)
	status=$?
	out=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' <<<"$out" | tail -1) # add_up has seen it, too
	[ -n "$out" ] || echo "0 passed, 1 failed, 0 skipped"
	[ $# != 1 ] || matrix "$1" kit "${out:-0 passed, 1 failed}"
	[ -z "$pid" ] || kill -INT "$pid"
	rm -rf "$run" ${memory:+"$memory"}
	return $status
}

# tests/live/rck/README.md says what --extended adds.
suite_kit() {
	local runs=(sqlite)
	[ -z "$full" ] || runs+=(memory postgresql mongodb "sqlite --extended" "memory --extended")
	build_tree "$top/build" pangolin || return
	"$top/tests/live/setup.sh" "$PANGOLIN_TEST_CACHE" python || return
	for one in "${runs[@]}"; do
		# shellcheck disable=SC2086
		kit_on $one || echo "FAILED the kit on $one"
	done 2>&1 | add_up ${#runs[@]}
}

suite_bench() {
	build_tree "$top/build" pangolin || return
	"$top/bench/run" ${full:+--all}
}
