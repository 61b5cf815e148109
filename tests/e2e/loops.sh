#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs of examples/loops, in place of lvsd: a director in libuv's loop, by direct routing; and one with a
# thread for each queue of a TUN device, by NAT. Each by both families.
#
#    client ==== director ==== rs1, rs2, rs3            queue-director
#
#    client ==+= director =+= rs1, rs2, rs3             uv-director
#             one segment
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
loops=$1/examples/loops

# words MODE [6]: what the program is told.
words() {
	local n
	[ "$1" = nat ] && echo 2 d0 d1 || echo d0
	echo "$(mode_vip "$@") 80"
	for n in 1 2 3; do
		mode_server "$1" $n "${2:-}"
	done
}
answers() { # MODE [6]: by three servers. The scheduler is wlc: the shares of so few depend on who was open.
	spread "$1" 30 "${2:-}" >"$HOSTS_WORK/answers" && equal "$(wc -l <"$HOSTS_WORK/answers")" 30 &&
		equal "$(cut -d ' ' -f 1 "$HOSTS_WORK/answers" | sort -u | tr '\n' ' ')" 'rs1 rs2 rs3 '
}
clean() { # MODE [6]
	! at director nft list ruleset | grep . && ! on director addr | grep -F "$(mode_vip "$@")/" &&
		! on director link show dev lvs-queues 2>&1 | grep -v 'does not exist'
}

# try PROGRAM MODE: by both families.
try() {
	local family
	if [ ! -x "$loops/$1" ]; then
		echo "skip - $1: it is not built"
		return
	fi
	must mode_build "$2"
	for name in rs1 rs2 rs3; do
		must web $name
	done
	for family in '' 6; do
		LOG=$HOSTS_WORK/$1$family.log
		# shellcheck disable=SC2046 # several words
		start director "$LOG" "$loops/$1" $(words "$2" $family)
		must says "$LOG" ready
		check "$1, IPv${family:-4}: it takes the service address" soon get "$2" $family
		check "$1, IPv${family:-4}: it spreads requests" answers "$2" $family
		[ -z "$family" ] || check "$1, IPv${family:-4}: it carries large files" large "$2" $family
		check "$1, IPv${family:-4}: it ends" stop "$STARTED"
		check "$1, IPv${family:-4}: and leaves nothing" clean "$2" $family
	done
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

try queue-director nat
try uv-director dr
finish
