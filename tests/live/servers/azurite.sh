#!/usr/bin/env bash
# azurite.sh - Azure's blob service on loopback: Azurite (npm install azurite@3.37.0).  SPDX-License-Identifier: Apache-2.0
#
# usage: azurite.sh FOLDER       or: azurite.sh --install FOLDER
#
# Keeps its log in FOLDER and its blobs in memory, listens on a free port, waits until it answers and prints a line for a
# shell to read:
#   pid=PID tls_pid=PID port=PORT https_port=PORT ca=FILE account=NAME key=KEY
# A certificate in FOLDER/public.crt, its key in private.key, is used where there is one.  port speaks http, https_port https and bearer tokens (whose signatures it does not check): two services, two memories.
# End both with kill.  AZURITE names the program (default: azurite-blob).  --install takes a minute and 370 MB.
set -euo pipefail
# shellcheck source=tests/live/servers/common.sh
. "$(dirname "$0")/common.sh"
if [ "$1" = --install ]; then
	mkdir -p "$2"
	npm install --prefix "$2" --no-audit --no-fund --loglevel=error azurite@3.37.0 >&2
	exit
fi
folder=$1
mkdir -p "$folder"
[ -e "$folder/public.crt" ] || make_certificate "$folder"
read -r port https < <(free_ports 2)
start() {
	"${AZURITE:-azurite-blob}" --silent --skipApiVersionCheck --inMemoryPersistence --disableTelemetry \
		--blobHost 127.0.0.1 --blobPort "$@" >>"$folder/log" 2>&1 </dev/null &
}
start "$port"
plain=$!
start "$https" --cert "$folder/public.crt" --key "$folder/private.key" --oauth basic
tls=$!
until_ready $plain "$folder/log" "http://127.0.0.1:$port/" && until_ready $tls "$folder/log" "https://127.0.0.1:$https/"
# the account of the documentation, known to everyone
echo "pid=$plain tls_pid=$tls port=$port https_port=$https ca=$folder/public.crt account=devstoreaccount1" \
	key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
