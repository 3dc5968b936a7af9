#!/usr/bin/env bash
# minio.sh - an S3 server with STS on loopback: MinIO.  SPDX-License-Identifier: Apache-2.0
#
# usage: minio.sh FOLDER [--tls]       or: minio.sh --install FILE
#
# Keeps everything in FOLDER, listens on a free port, waits until it answers and prints lines for a shell to read:
#   pid=PID port=PORT ca=FILE key=KEY secret=SECRET domain=DOMAIN
# (with --tls the port speaks https only).  End it with kill PID.  MINIO names the program (default: minio).
# --install builds the pinned version with Go (1.24 or newer) into FILE: minutes, and 3 GB of caches, the first time.
set -euo pipefail
# shellcheck source=tests/live/servers/common.sh
. "$(dirname "$0")/common.sh"
version=v0.0.0-20260212201848-7aac2a2c5b7c
if [ "$1" = --install ]; then
	mkdir -p "$(dirname "$2")"
	GOBIN=$(cd "$(dirname "$2")" && pwd) CGO_ENABLED=0 GOFLAGS=-buildvcs=false \
		go install -ldflags '-s -w' "github.com/minio/minio@$version"
	built=$(dirname "$2")/minio
	[ "$built" -ef "$2" ] || mv "$built" "$2"
	exit
fi
folder=$1 scheme=http
mkdir -p "$folder/data" "$folder/certs"
if [ "${2:-}" = --tls ]; then
	make_certificate "$folder/certs"
	scheme=https
fi
port=$(free_ports 1)
export MINIO_ROOT_USER=$S3_KEY MINIO_ROOT_PASSWORD=$S3_SECRET MINIO_DOMAIN=$S3_DOMAIN MINIO_BROWSER=off MINIO_UPDATE=off MINIO_CI_CD=1
"${MINIO:-minio}" server --quiet --address "127.0.0.1:$port" --certs-dir "$folder/certs" "$folder/data" \
	>"$folder/log" 2>&1 </dev/null &
pid=$!
until_ready $pid "$folder/log" "$scheme://127.0.0.1:$port/"
echo "pid=$pid port=$port ca=$folder/certs/public.crt key=$S3_KEY secret=$S3_SECRET domain=$S3_DOMAIN"
