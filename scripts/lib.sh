# shellcheck shell=bash
# lib.sh - what quickstart, check and httpd-conf/run-local.sh share: packages, building, processes.
# SPDX-License-Identifier: Apache-2.0
# Sourced, with `top` set to the top of the source tree.

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# --- packages ---------------------------------------------------------------

# packages_of PURPOSE...: the Debian packages that scripts/packages lists for each purpose
packages_of() {
	local purpose
	for purpose in "$@"; do
		sed -n "s/^$purpose:[[:space:]]*//p" "$top/scripts/packages"
	done
}

missing_packages() {
	local name
	for name in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
	done
}

# Asks only before sudo: who runs this as root has said yes.  `yes=1` is the answer given beforehand.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

apt_install() {
	local log=$1
	shift
	as_root apt-get install -y --no-install-recommends "$@" >"$log" 2>&1
}

# need_packages PURPOSE...: installs what is missing
need_packages() {
	local missing answer log
	command -v dpkg-query >/dev/null || { say "not a Debian: needs what scripts/packages lists for: $*"; return; }
	# shellcheck disable=SC2046
	missing=$(missing_packages $(packages_of "$@") | sort -u | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "Missing Debian packages, and there is no sudo.  As root: apt-get install $missing"
	elif [ "$(id -u)" != 0 ] && [ -z "${yes:-}" ]; then
		[ -t 0 ] || die "Missing Debian packages: $missing
Install them, or run this again with -y to let it use sudo."
		printf 'Missing Debian packages: %s\nInstall them by sudo apt-get? [Y/n] ' "$missing"
		read -r answer
		case $answer in '' | [yY]*) ;; *) die "Nothing was installed." ;; esac
	fi
	say "installing packages: $missing"
	log=$(mktemp)
	# shellcheck disable=SC2086
	if ! apt_install "$log" $missing; then # the lists may be missing or old
		as_root apt-get update >"$log" 2>&1 && apt_install "$log" $missing || {
			tail -20 "$log" >&2
			die "apt-get could not install them; its whole output is in $log"
		}
	fi
	rm -f "$log"
	quiet_services "$missing"
}

# Debian starts a server when it is installed.  Nobody asked for those.
quiet_services() {
	local name
	for name in lighttpd postgresql pgbouncer; do
		case " $1 " in *" $name "*) ;; *) continue ;; esac
		if [ -d /run/systemd/system ]; then
			say "Debian started a $name of its own: disabling it"
			as_root systemctl disable --now "$name" >/dev/null 2>&1 || true
		elif [ -x "/etc/init.d/$name" ]; then
			as_root "/etc/init.d/$name" stop >/dev/null 2>&1 || true
		fi
	done
}

# --- building ---------------------------------------------------------------

# build_tree FOLDER LABEL [CONFIGURE ARGUMENT]...: configures and makes what is not up to date; the log is FOLDER/build.log.
# Several at once wait for each other.
build_tree() {
	local folder=$1 label=$2
	shift 2
	mkdir -p "$folder"
	(
		flock 9
		if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
			say "autoreconf"
			(cd "$top" && autoreconf -fi) >"$folder/build.log" 2>&1 || build_failed "$folder"
		fi
		cd "$folder" || exit 1
		if [ ! -f Makefile ] || [ "$(cat configured 2>/dev/null)" != "$*" ]; then
			say "configuring $label"
			"$top/configure" -q "$@" >build.log 2>&1 || build_failed "$folder"
			echo "$*" >configured
		fi
		make -q "${make_targets[@]}" >/dev/null 2>&1 && exit 0
		say "building $label"
		make -j"$(nproc)" "${make_targets[@]}" >build.log 2>&1 || build_failed "$folder"
	) 9>"$top/build/.lock"
}
make_targets=(all)

build_failed() {
	grep -E 'error|Error|\*\*\*' "$1/build.log" | head -20 >&2
	tail -5 "$1/build.log" >&2
	die "The build failed; its whole output is in $1/build.log"
}

# make_venv FOLDER REQUIREMENTS: a Python environment with exactly what the file lists; kept while the file stays as it is
make_venv() {
	local folder=$1 wanted=$2
	mkdir -p "$(dirname "$folder")"
	(
		flock 8
		cmp -s "$wanted" "$folder/installed.txt" && exit 0
		say "making a Python environment from $(basename "$wanted") in ${folder#"$top"/}"
		rm -rf "$folder"
		/usr/bin/python3 -m venv "$folder" &&
			"$folder/bin/pip" install -q --disable-pip-version-check -r "$wanted" >"$folder/pip.log" 2>&1 || {
			tail -5 "$folder/pip.log" >&2
			exit 1
		}
		cp "$wanted" "$folder/installed.txt"
	) 8>"$folder.lock" || die "pip could not install $(basename "$wanted")"
}

# --- processes --------------------------------------------------------------

# A process is known by its id and the tick it started at, so that another one with the same id is never taken for it.
# One that ended and was not waited for yet has none.
process_tick() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 !~ /[ZX]/ { print $20 }'; }

# is_running PIDFILE
is_running() {
	local pid tick
	[ -f "$1" ] && read -r pid tick <"$1" && [ -n "$tick" ] && [ "$(process_tick "$pid")" = "$tick" ]
}

# start_process PIDFILE LOG COMMAND...: in a session of its own, so that Ctrl-C here does not reach it
start_process() {
	local pidfile=$1 log=$2
	shift 2
	setsid "$@" </dev/null >>"$log" 2>&1 8>&- 9>&- &
	echo "$! $(process_tick $!)" >"$pidfile"
	disown
}

# stop_process PIDFILE [SECONDS]: SIGTERM, and SIGKILL to the whole session when that did not help
stop_process() {
	local pid tick i
	if is_running "$1"; then
		read -r pid tick <"$1"
		kill -TERM "$pid" 2>/dev/null
		for ((i = 0; i < ${2:-35} * 20; i++)); do
			is_running "$1" || break
			sleep 0.05
		done
		is_running "$1" && kill -KILL -- "-$pid" 2>/dev/null
	fi
	rm -f "$1"
}

free_port() { # one that nobody listens on now
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
