#!/usr/bin/env bash
# postgres.sh - a PostgreSQL server on loopback, and pgbouncer in front of it.  SPDX-License-Identifier: Apache-2.0
#
# usage: postgres.sh FOLDER [--pgbouncer]
#
# Keeps everything in FOLDER, listens on a free port, waits until it answers and prints lines for a shell to read:
#   pid=PID ca=FILE url=postgresql://pangolin:PASSWORD@127.0.0.1:PORT/pangolin [pooler=PID pooled=postgresql://...]
# End them with kill -INT PID (the server) and kill PID (the pooler).  PostgreSQL refuses root: as root it runs as
# the user postgres, who then owns FOLDER.
set -euo pipefail
# shellcheck source=tests/live/servers/common.sh
. "$(dirname "$0")/common.sh"
folder=$1
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
password=$(head -c 18 /dev/urandom | base64 | tr -dc a-zA-Z0-9)

as_user=(env)
if [ "$(id -u)" = 0 ]; then
	chown postgres "$folder"
	as_user=(setpriv --reuid=postgres --regid=postgres --init-groups)
fi

printf '%s\n' "$password" >"$folder/password"
chmod 644 "$folder/password"
# A collation that sorts otherwise than bytes: keys must not care.
cd "$folder"
"${as_user[@]}" "$bin/initdb" -D "$folder/data" -U pangolin -A scram-sha-256 --pwfile="$folder/password" \
	-E UTF8 --locale-provider=icu --icu-locale=en-US --locale=C.UTF-8 >"$folder/initdb.log" 2>&1 ||
	{ cat "$folder/initdb.log" >&2; exit 1; }
rm "$folder/password"
port=$(free_ports 1)
make_certificate "$folder"
[ "$(id -u)" != 0 ] || chown postgres "$folder/private.key"
chmod 600 "$folder/private.key"
# Tests start it again by this, in the foreground.
printf '#!/bin/sh\nexec %s\n' "$(printf '%q ' "${as_user[@]}" "$bin/postgres" -D "$folder/data" -p "$port" -k "$folder" \
	-c listen_addresses=127.0.0.1 -c max_connections=200 \
	-c ssl=on -c "ssl_cert_file=$folder/public.crt" -c "ssl_key_file=$folder/private.key")" >"$folder/start"
chmod 755 "$folder/start"
cd "$folder"
"$folder/start" >"$folder/log" 2>&1 </dev/null &
pid=$!
export PGPASSWORD=$password
for ((i = 0; ; i++)); do
	psql -h 127.0.0.1 -p "$port" -U pangolin -d postgres -qXc 'CREATE DATABASE pangolin' >/dev/null 2>"$folder/create.log" && break
	if [ "$i" = 300 ] || ! kill -0 $pid 2>/dev/null; then
		tail -20 "$folder/log" "$folder/create.log" >&2
		kill $pid 2>/dev/null
		exit 1
	fi
	sleep 0.1
done
line="pid=$pid ca=$folder/public.crt url=postgresql://pangolin:$password@127.0.0.1:$port/pangolin"

if [ "${2:-}" = --pgbouncer ]; then
	pooled=$(free_ports 1)
	cat >"$folder/pgbouncer.ini" <<-END
	[databases]
	pangolin = host=127.0.0.1 port=$port dbname=pangolin user=pangolin password=$password
	[pgbouncer]
	listen_addr = 127.0.0.1
	listen_port = $pooled
	unix_socket_dir =
	auth_type = plain
	auth_file = $folder/users.txt
	pool_mode = transaction
	default_pool_size = 6
	max_client_conn = 200
	END
	printf '"pangolin" "%s"\n' "$password" >"$folder/users.txt"
	[ "$(id -u)" != 0 ] || chown postgres "$folder/pgbouncer.ini" "$folder/users.txt"
	chmod 600 "$folder/pgbouncer.ini" "$folder/users.txt"
	"${as_user[@]}" pgbouncer "$folder/pgbouncer.ini" >"$folder/pgbouncer.log" 2>&1 </dev/null &
	pooler=$!
	for ((i = 0; ; i++)); do
		psql -h 127.0.0.1 -p "$pooled" -U pangolin -d pangolin -qXc 'SELECT 1' >/dev/null 2>&1 && break
		if [ "$i" = 100 ]; then
			tail -20 "$folder/pgbouncer.log" >&2
			kill $pid $pooler 2>/dev/null
			exit 1
		fi
		sleep 0.1
	done
	line="$line pooler=$pooler pooled=postgresql://pangolin:$password@127.0.0.1:$pooled/pangolin"
fi
echo "$line"
