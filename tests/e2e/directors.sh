#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The small directors of examples/, one for each way, in place of lvsd.
#
#    client ==== director ==== rs1, rs2, rs3            nat-director
#
#    client ==== router ==== rs1, rs2, rs3              tun-director
#                  |
#               director
#
#    client ==+= director =+= rs1, rs2, rs3             dr-director
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
examples=$1/examples

arguments() {
	case $1 in
	nat) echo "d0 d1 192.0.2.80:80 198.51.100.11:8080 198.51.100.12:8080 198.51.100.13:8080" ;;
	tun) echo "d0 203.0.113.80:80 198.51.100.11 198.51.100.12 198.51.100.13" ;;
	dr) echo "d0 192.0.2.80:80 192.0.2.11 192.0.2.12 192.0.2.13" ;;
	esac
}
# All requests are answered, by three servers, which saw the client's address. The scheduler is wlc:
# shares of so few depend on which were open at the same time.
answers() {
	spread "$1" 60 >"$HOSTS_WORK/answers" && equal "$(wc -l <"$HOSTS_WORK/answers")" 60 &&
		equal "$(cut -d ' ' -f 1 "$HOSTS_WORK/answers" | sort -u | tr '\n' ' ')" 'rs1 rs2 rs3 ' &&
		equal "$(cut -d ' ' -f 2 "$HOSTS_WORK/answers" | sort -u)" 192.0.2.9
}
clean() {
	! at director nft list ruleset | grep . && ! on director addr | grep -F "$(mode_vip "$1")/"
}

for mode in nat tun dr; do
	program=$examples/$mode-director
	if [ ! -x "$program" ]; then
		echo "skip - $mode-director: it is not built"
		continue
	fi
	LOG=$HOSTS_WORK/$mode.log
	must mode_build $mode
	for name in rs1 rs2 rs3; do
		must web $name
	done
	# shellcheck disable=SC2046 # several arguments
	start director "$LOG" "$program" $(arguments $mode)
	pid=$STARTED
	must says "$LOG" ready
	check "$mode-director takes the service address" soon get $mode
	must count director d0 replies "ip saddr $(mode_vip $mode) tcp sport 80"
	check "$mode-director spreads requests" answers $mode
	check "$mode-director carries large files" large $mode
	[ $mode = nat ] || check "replies do not pass the $mode-director" \
		equal "$(counted director replies)" 0
	at director nft delete table netdev watch
	check "$mode-director ends well" stop "$pid"
	check "$mode-director leaves nothing" clean $mode
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
done
finish
