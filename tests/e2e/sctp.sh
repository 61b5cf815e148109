#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# SCTP associations through address translation and by direct routing, both families; one that is aborted,
# one that a server forgets, and what the host gets to see. Many kernels have no SCTP: client and servers
# speak it over raw sockets, and check each checksum.
#
#    client 192.0.2.9 ==== director ==== rs1 .. rs3, 198.51.100.11 .., port 7007     NAT
#
#    client ==+= director =+= rs1 .. rs3, 192.0.2.11 .., port 7                      DR
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
sctp=$E2E/lib-sctp.py

serve() { # HOST ADDRESS PORT
	start "$1" "$HOSTS_WORK/$1-${2//:/-}.log" python3 "$sctp" serve "$1" "$2" "$3"
	says "$HOSTS_WORK/$1-${2//:/-}.log" ready
}
rules() { # MODE [6]
	local vip n flag=-g port=7
	vip=$(bracket "$(mode_vip "$1" "${2:-}")")
	[ "$1" != nat ] || flag=-m port=7007
	echo "-A --sctp-service $vip:7 -s rr"
	for n in 1 2 3; do
		echo "-a --sctp-service $vip:7 -r $(bracket "$(mode_server "$1" $n "${2:-}")"):$port $flag"
	done
}
ask() { # ADDRESS [OPTION...]
	at client python3 "$sctp" ask "$1" 7 "${@:2}"
}
# each ADDRESS [OPTION...]: three associations, three messages each, a server for each.
each() {
	equal "$(ask "$1" n=3 each=3 "${@:2}" | sort | tr '\n' ' ')" 'rs1 rs1 rs1 rs2 rs2 rs2 rs3 rs3 rs3 '
}
# state PATTERN: the report lists such an association.
state() {
	tell && grep -E "^SCTP [0-9:]+ +$1" "$HOSTS_WORK/report"
}

case_family() { # MODE [6]
	local vip name="$1, IPv${2:-4}" client=192.0.2.9
	vip=$(mode_vip "$1" "${2:-}")
	[ -z "${2:-}" ] || client='\[2001:db8:1::9\]'
	check "$name: associations, a server each" each "$vip" port=30000
	check "$name: when they have ended the same ports open others" each "$vip" port=30000 end=abort
	check "$name: an aborted one is closed" state "CLOSED +$client:30000 "
	check "$name: one that stays" equal "$(ask "$vip" port=30010 end=nothing | grep -c rs)" 1
	check "$name: ... is established" state "ESTABLISHED +$client:30010 "
}
set_up() { # MODE
	local n
	MODE=$1
	must mode_build "$MODE"
	for n in 1 2 3; do
		if [ "$MODE" = nat ]; then
			must serve rs$n "$(mode_server nat $n)" 7007
			must serve rs$n "$(mode_server nat $n 6)" 7007
		else
			must serve rs$n "$(mode_vip dr)" 7
			must serve rs$n "$(mode_vip dr 6)" 7
		fi
	done
	{ rules "$MODE" && rules "$MODE" 6; } >"$RULES"
	[ "$MODE" != nat ] || must forwarding director
	must director "$RULES" "$MODE"
	DIRECTOR=$STARTED
}

for mode in nat dr; do
	set_up $mode
	case_family $mode
	case_family $mode 6
	if [ $mode = nat ]; then
		must serve client 192.0.2.9 7
		check "a server's own association from there is the host's to forward" \
			equal "$(at rs1 python3 "$sctp" ask 192.0.2.9 7 port=7007 each=2)" "client client"
		must count client c0 left 'ip saddr 198.51.100.0/24 meta l4proto sctp th dport 9'
		check "what is left of a forgotten one has no answer" \
			equal "$(at rs1 python3 "$sctp" ask 192.0.2.9 9 port=7007 begin=no end=nothing wait=0.5)" none
		check "... and does not leave" equal "$(counted client left)" 0
	fi
	check "$mode: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
done
finish
