#!/usr/bin/env bash
# mongo.sh - a MongoDB-compatible server on loopback (mongo.py).  SPDX-License-Identifier: Apache-2.0
#
# usage: mongo.sh FOLDER [NAME=VALUE]...
#
# Keeps everything in FOLDER, listens on a free port, waits until it answers and prints lines for a shell to read:
#   pid=PID port=PORT url=mongodb://127.0.0.1:PORT/pangolin
# FOLDER/start starts it again.  End it with kill PID.  PYTHON has SecantusDB (default: python3).
set -euo pipefail
# shellcheck source=tests/live/servers/common.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
folder=$1
shift
mkdir -p "$folder/data"
port=$(free_ports 1)
printf '#!/bin/sh\nexec %s\n' "$(printf '%q ' "${PYTHON:-python3}" "$here/mongo.py" "$folder/data" "$port" "$@")" >"$folder/start"
chmod 755 "$folder/start"
"$folder/start" >"$folder/log" 2>&1 </dev/null &
pid=$!
for ((i = 0; ; i++)); do
	grep -q '^ready$' "$folder/log" && break
	if ! kill -0 "$pid" 2>/dev/null || [ "$i" = 300 ]; then
		tail -20 "$folder/log" >&2
		kill "$pid" 2>/dev/null
		exit 1
	fi
	sleep 0.1
done
echo "pid=$pid port=$port url=mongodb://127.0.0.1:$port/pangolin"
