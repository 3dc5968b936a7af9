#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh - installs what the live tests need into a cache folder.
#
# usage: setup.sh [CACHE [python|kit|spark|trino|oidc|azurite ...]]
#
# CACHE is $PANGOLIN_TEST_CACHE or ~/.cache/pangolin-tests by default.  Needs python3-venv, and
# maven with a JDK (17 or newer) for kit, spark and trino, node (20 or newer) with npm for oidc
# and azurite.  Does nothing where all is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${1:-${PANGOLIN_TEST_CACHE:-$HOME/.cache/pangolin-tests}}
shift || true
parts=${*:-python kit spark oidc}
iceberg=1.11.0
oidc=9.13.3
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
	oidc) echo "$oidc" ;;
	azurite) sha256sum <"$here/servers/azurite.sh" ;;
	esac
}

install_python() {
	say "python packages into $cache/venv"
	[ -x "$cache/venv/bin/python" ] || python3 -m venv "$cache/venv"
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

# Where there is no node, its tests say that they were left out.
install_oidc() {
	local major
	major=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//') || major=0
	if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null; then
		say "no node of version 20 or newer, or no npm: logins by an OpenID Connect provider are not tested"
		return 0
	fi
	say "oidc-provider into $cache/oidc"
	mkdir -p "$cache/oidc"
	npm install --silent --no-audit --no-fund --prefix "$cache/oidc" "oidc-provider@$oidc"
}

install_azurite() {
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
