#!/usr/bin/env bash
# run-local.sh - lighttpd, the four responders and the worker in one folder, as an ordinary user.
# SPDX-License-Identifier: Apache-2.0
# usage: run-local.sh start|stop|status|reload
#
#   PANGOLIN_RUN        the folder for state (default ./run); server.env in it is the environment of every process
#   PANGOLIN_BIN        where pangolin, pangolin-tables ... are (default ./build)
#   PANGOLIN_PORT       lighttpd's port (default 8181), on PANGOLIN_BIND (default 127.0.0.1)
#   PANGOLIN_PROCESSES  responders a family (default 2)
#   PANGOLIN_WORKER     "no": no worker
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
PATH=$PATH:/usr/sbin:/sbin

run=${PANGOLIN_RUN:-$top/run}
bin=${PANGOLIN_BIN:-$top/build}
port=${PANGOLIN_PORT:-8181}
bind=${PANGOLIN_BIND:-127.0.0.1}
processes=${PANGOLIN_PROCESSES:-2}
families="namespaces tables credentials admin"

# A unix socket's path has at most 107 bytes: a deep folder gets a short name elsewhere, which run/sockets points to.
make_sockets_folder() {
	local short
	[ -d "$run/sockets" ] && return
	if [ $((${#run} + 30)) -le 107 ]; then
		mkdir -m 700 "$run/sockets"
	else
		short=$(mktemp -d "${XDG_RUNTIME_DIR:-/tmp}/pangolin-XXXXXX") && ln -sfn "$short" "$run/sockets"
	fi
}

sockets_folder() { readlink "$run/sockets" || echo "$run/sockets"; }

remove_sockets_folder() {
	rm -rf "$(sockets_folder)" "$run/sockets"
}

write_lighttpd_conf() {
	mkdir -p "$run/empty" "$run/uploads"
	"$bin/pangolin" routes --httpd lighttpd >"$run/lighttpd-routes.conf" || return
	sed -e "s|@BIND@|$bind|; s|@PORT@|$port|; s|@EMPTY@|$run/empty|; s|@LOGS@|$run/logs|; s|@UPLOADS@|$run/uploads|; s|@ERRORS@|$top/httpd-conf/errors|" \
		-e "s|@SOCKETS@|$(sockets_folder)|; s|@ROUTES@|$run/lighttpd-routes.conf|" \
		"$top/httpd-conf/lighttpd.conf" >"$run/lighttpd.conf"
}

# start_one NAME COMMAND...
start_one() {
	local name=$1
	shift
	is_running "$run/pids/$name.pid" || start_process "$run/pids/$name.pid" "$run/logs/$name.log" "$@"
}

# multiwatch puts another process in a dead one's place; 200 that live for less than a second, one after the other,
# are a broken installation: then it gives up.
start_responder() {
	start_one "$1" spawn-fcgi -n -s "$(sockets_folder)/$1.sock" -M 0600 -- \
		"$(command -v multiwatch)" -f "$processes" -r 200 -t 1000 -s TERM -- "$bin/pangolin-$1"
}

problem() { # why it does not serve: the last lines of the logs that say so
	local name
	for name in $families lighttpd; do
		if ! is_running "$run/pids/$name.pid"; then
			printf 'pangolin: %s ended; the end of %s:\n' "$name" "$run/logs/$name.log"
			tail -5 "$run/logs/$name.log"
		fi
	done >&2
}

wait_ready() {
	local i
	for ((i = 0; i < 150; i++)); do
		curl -fsS -o /dev/null -m 5 "http://$bind:$port/health/ready" 2>/dev/null && return 0
		is_running "$run/pids/lighttpd.pid" || break
		sleep 0.1
	done
	return 1
}

all_run() {
	local name
	for name in lighttpd $families; do
		is_running "$run/pids/$name.pid" || return
	done
}

start_all() {
	local name served=
	is_running "$run/pids/lighttpd.pid" && served=1
	mkdir -p "$run/logs" "$run/pids" "$run/runtime"
	chmod 700 "$run/runtime"
	if [ -z "$served" ] && curl -s -o /dev/null -m 2 "http://$bind:$port/"; then
		die "Something else answers on $bind:$port: choose another PANGOLIN_PORT."
	fi
	make_sockets_folder || die "no folder for the sockets"
	write_lighttpd_conf || die "no lighttpd.conf"
	set -a
	# shellcheck disable=SC1091
	. "$run/server.env"
	set +a
	for name in $families; do
		start_responder "$name"
	done
	start_one lighttpd lighttpd -D -f "$run/lighttpd.conf"
	[ "${PANGOLIN_WORKER:-}" = no ] || start_one work "$bin/pangolin" work --forever
	if ! wait_ready || ! all_run; then
		problem
		tail -5 "$run/logs/admin.log" >&2
		[ -n "$served" ] || stop_all # nothing is left of a start that failed
		return 1
	fi
}

stop_all() {
	local name
	for name in lighttpd work $families; do
		stop_process "$run/pids/$name.pid"
	done
	remove_sockets_folder
}

status_all() {
	local name dead=0
	for name in lighttpd $families work; do
		if is_running "$run/pids/$name.pid"; then
			printf '%-12s runs (%s)\n' "$name" "$(cut -d' ' -f1 "$run/pids/$name.pid")"
		else
			printf '%-12s does not run\n' "$name"
			dead=1
		fi
	done
	return $dead
}

case ${1:-} in
start) start_all ;;
stop) stop_all ;;
status) status_all ;;
reload) # new binaries, same port: each socket stays open only as long as its multiwatch, so clients may see 503 for a moment
	for name in work $families; do
		stop_process "$run/pids/$name.pid"
	done
	start_all
	;;
*) sed -n '4,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
