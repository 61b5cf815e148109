# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the scripts with lvsd share. Hosts, wires and the three ways are the demo's.
#
#     . "$(dirname "$0")/lib.sh"
#     begin "$@"
#     check "a name" command...
#     finish
E2E=$(cd "$(dirname "$0")" && pwd)
. "$E2E/../../examples/demo.d/hosts.sh"
. "$E2E/../../examples/demo.d/family.sh"
. "$E2E/../../examples/demo.d/modes.sh"

skip() {
	echo "$*"
	exit 77
}

# begin BUILD-DIRECTORY: comes back in namespaces of the script's own.
begin() {
	local build=${1:?usage: $(basename "$0") BUILD-DIRECTORY} need
	LVSD=$build/examples/lvsd/lvsd LVS_DECAP=$build/examples/lvs-decap/lvs-decap
	[ -x "$LVSD" ] && [ -x "$LVS_DECAP" ] || skip "lvsd or lvs-decap is not built"
	for need in ip nft nginx curl python3 sha256sum; do
		command -v $need >/dev/null || skip "$need is missing"
	done
	[ -r /dev/net/tun ] && [ -w /dev/net/tun ] || skip "/dev/net/tun cannot be used"
	hosts_watch "$0" "$@"
	hosts_enter "$0" "$@" || skip "cannot make network namespaces"
	# shellcheck disable=SC2034 # its file: counted, read again at SIGHUP
	RULES=$HOSTS_WORK/rules LOG=$HOSTS_WORK/lvsd-director.log
	failed=0
	trap hosts_clear EXIT
	trap 'exec 2>/dev/null; exit 143' TERM
}

# check NAME COMMAND...: one case. What the command says is shown only when it fails.
check() {
	local name=$1
	shift
	if "$@" >"$HOSTS_WORK/check" 2>&1; then
		echo "ok - $name"
		return
	fi
	cat "$HOSTS_WORK/check"
	echo "not ok - $name"
	failed=1
	return 1
}

finish() {
	[ "$failed" -eq 0 ] || [ ! -e "$LOG" ] || { echo "lvsd said:" && tail -n 20 "$LOG"; }
	exit "$failed"
}

# must COMMAND...: without it there is nothing to test.
must() {
	"$@" && return
	echo "not ok - set-up: $*"
	failed=1
	finish
}

# equal NUMBER NUMBER, near NUMBER NUMBER TOLERANCE: what a case comes to; says so.
equal() {
	echo "$1, expected $2"
	[ "$1" = "$2" ]
}

near() {
	echo "$1, expected $2, give or take $3"
	[ $(($1 - $2)) -le "$3" ] && [ $(($2 - $1)) -le "$3" ]
}

more() {
	echo "$1, expected more than $2"
	[ "$1" -gt "$2" ]
}

not() {
	! "$@"
}

# reload: has lvsd (its process is in DIRECTOR) read RULES again; true when they are in force.
reload() {
	local before
	before=$(grep -c 'is in force' "$LOG")
	kill -HUP "$DIRECTOR" && soon reloaded "$before"
}

reloaded() {
	[ "$(grep -c 'is in force' "$LOG")" -gt "$1" ]
}

# get MODE [6 [CURL-ARGUMENT...]]: one request by the client.
get() {
	at client curl -sS --max-time 5 "${@:3}" "$(mode_url "$1" "${2:-}")/"
}

# spread MODE COUNT [6]: answers to so many requests, each by a connection of its own.
spread() {
	at client curl -sS --no-progress-meter --parallel --parallel-immediate --parallel-max 8 --max-time 10 \
		-H 'Connection: close' "$(mode_url "$1" "${3:-}")/[1-$2]"
}

# even FILE COUNT: whether three servers gave so many answers, each a third, give or take 1.
even() {
	local name
	equal "$(wc -l <"$1")" "$2" || return
	for name in rs1 rs2 rs3; do
		near "$(grep -cw "^$name" "$1")" $(($2 / 3)) 1 || return
	done
}

# large MODE [6]: whether 20 MB come down and 10 MB go up whole; makes the files at first.
large() {
	local url server
	url=$(mode_url "$1" "${2:-}")
	if [ ! -e "$HOSTS_WORK/rs1/files/large" ]; then
		head -c 20M /dev/urandom >"$HOSTS_WORK/large"
		head -c 10M "$HOSTS_WORK/large" >"$HOSTS_WORK/up"
		for server in rs1 rs2 rs3; do
			ln -s "$HOSTS_WORK/large" "$HOSTS_WORK/$server/files/"
		done
	fi
	at client curl -sS --max-time 30 "$url/files/large" | cmp - "$HOSTS_WORK/large" || return
	uploaded "$HOSTS_WORK/up" "$url"
}

# uploaded FILE URL: by PUT, to whichever server.
uploaded() {
	local name server
	name=$(basename "$1")
	rm -f "$HOSTS_WORK"/rs?/files/"$name"
	at client curl -sS --max-time 60 -f -T "$1" "$2/files/" || return
	for server in rs1 rs2 rs3 rs4; do
		if [ -e "$HOSTS_WORK/$server/files/$name" ]; then
			cmp "$1" "$HOSTS_WORK/$server/files/$name"
			return
		fi
	done
	echo "no server has the file"
	return 1
}

# offloads on|off: of every veth, whichever host has it.
offloads() {
	local name device
	for name in /run/netns/"$HOSTS_PREFIX"-*; do
		name=${name#*"$HOSTS_PREFIX"-}
		on "$name" -o link show type veth | awk -F '[ :@]+' '{ print $2 }' >"$HOSTS_WORK/devices"
		while read -r device; do
			at "$name" ethtool -K "$device" tso "$1" gso "$1" gro "$1" tx "$1" rx "$1" \
				>/dev/null 2>"$HOSTS_WORK/ethtool" || { cat "$HOSTS_WORK/ethtool" && return 1; }
		done <"$HOSTS_WORK/devices"
	done
}
