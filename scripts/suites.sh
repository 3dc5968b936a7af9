# shellcheck shell=bash
# suites.sh - the suites of ./check: a table, and a function each that ends in "N passed, M failed, K skipped".
# SPDX-License-Identifier: Apache-2.0
# Sourced by check: `top` is the source tree, `full` is set for full sizes.  Output goes to the suite's log;
# lines that begin with "note: " are figures for the summary.

suites() {
	cat <<-END
		build:everything compiles without a warning
		layers:who may include whom
		style:format, lengths, comments
		unit:make check
		asan:unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
		conformance:what every store must do, races and kill -9 included
		fuzz:what once broke the parsers does not any more
		distcheck:the tarball holds everything, builds and tests itself
		quickstart:two commands, from nothing to a running catalog, twice side by side
		httpd:lighttpd and Apache in front of the same responders
		growth:no memory is lost over many requests
		live:PyIceberg against a running catalog on files and S3, bad input
		spark:Spark SQL against a running catalog
		kit:Iceberg's REST Compatibility Kit
		bench:loads and commits a second
	END
}

tree=$top/build/check         # gcc -Werror
asan_tree=$top/build/asan     # the same under sanitizers
fuzz_tree=$top/build/fuzz     # clang, libFuzzer

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
	build_tests "$tree" "with -Werror" --enable-werror || return
	build_tree "$top/build" pangolin || return
	echo "$(find "$tree" -name '*.o' | wc -l) passed, 0 failed, 0 skipped"
}

suite_layers() { "$top/tests/layers"; }

suite_style() { "$top/tests/style" --strict; }

suite_unit() { build_tests "$tree" "with -Werror" --enable-werror && check_tree "$tree"; }

suite_asan() {
	build_tests "$asan_tree" "with sanitizers" --enable-sanitizers --enable-werror || return
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
	check_tree "$asan_tree"
}

# The conformance program on each store: a file, and a folder on tmpfs.
suite_conformance() {
	build_tests "$tree" "with -Werror" --enable-werror || return
	local folder memory status=0
	folder=$(mktemp -d) memory=$(mktemp -d /dev/shm/pangolin-check-XXXXXX)
	"$tree/tests/conformance/conformance" ${full:+--all} "sqlite://$folder/conformance.db" || status=1
	"$tree/tests/conformance/conformance" ${full:+--all} "memory:$memory" || status=1
	rm -rf "$folder" "$memory"
	sum_counts
	return $status
}
