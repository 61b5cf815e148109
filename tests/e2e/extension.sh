#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# IPv6 extension headers in front of TCP and UDP, by each of the three ways; the director's own host
# listens on the service's port, too, and must not be heard.
#
#    client 2001:db8:1::9 ==== director ==== rs1 .. rs3, 2001:db8:2::11 ..      NAT
#
#    client ==== router ==== rs1 .. rs3                                         TUN
#                  |
#               director 2001:db8:3::2
#
#    client ==+= director =+= rs1 .. rs3, 2001:db8:1::11 ..                     DR
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
tool=$E2E/lib-extension.py
PORT=7000

rules() { # MODE
	local n vip flag=-g port=$PORT protocol
	vip=$(bracket "$(mode_vip "$1" 6)")
	case $1 in
	nat) flag=-m port=7001 ;;
	tun) flag=-i ;;
	esac
	for protocol in -t -u; do
		printf -- '-A %s %s:%s -s rr\n' $protocol "$vip" $PORT
		for n in 1 2 3; do
			printf -- '-a %s %s:%s -r %s:%s %s\n' $protocol "$vip" $PORT \
				"$(bracket "$(mode_server "$1" $n 6)")" $port $flag
		done
	done
}
serve() { # HOST PORT
	start "$1" "$HOSTS_WORK/$1.log" python3 "$tool" serve "$1" "$2"
	says "$HOSTS_WORK/$1.log" ready
}
set_up() { # MODE
	local name port=$PORT
	MODE=$1
	[ "$MODE" != nat ] || port=7001
	must mode_build "$MODE"
	for name in rs1 rs2 rs3; do
		must serve $name $port
	done
	must serve director $PORT
	rules "$MODE" >"$RULES"
	must director "$RULES" "$MODE"
	DIRECTOR=$STARTED
	# Behind lvsd's filter: what the director's host gets all the same.
	at director nft -f - <<-END
		table netdev behind {
			counter got { }
			chain d0 {
				type filter hook ingress device d0 priority 0;
				ip6 daddr $(mode_vip "$MODE" 6) meta l4proto { tcp, udp } counter name got
			}
		}
	END
}
tear_down() {
	check "$MODE: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
}

# asked HEADERS: 6 datagrams and 6 connections, every byte back, each server a third.
asked() {
	local n
	at client python3 "$tool" ask "$(mode_vip "$MODE" 6)" $PORT "$1" 6 >"$HOSTS_WORK/asked" || return
	equal "$(grep -cx "udp rs[123] $1 whole" "$HOSTS_WORK/asked")" 6 || return
	for n in 1 2 3; do
		equal "$(grep -cx "tcp rs$n whole" "$HOSTS_WORK/asked")" 2 || return
	done
}
# crafted CHAIN PATTERN
crafted() {
	local got
	got=$(at client python3 "$tool" craft "$(mode_vip "$MODE" 6)" $PORT "$1")
	echo "$got, expected $2"
	[[ $got =~ ^$2$ ]]
}
reasons() {
	local before
	before=$(grep -c '^rx ' "$LOG")
	kill -USR1 "$DIRECTOR"
	soon reported "$before"
	awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }' "$LOG"
}
reported() {
	[ "$(grep -c '^rx ' "$LOG")" -gt "$1" ]
}
got_by_host() {
	at director nft list counter netdev behind got | awk '$1 == "packets" { print $2 }'
}

for mode in nat dr tun; do
	set_up $mode
	check "$mode: the service answers" soon crafted none 'rs[123] none 0 crafted'
	for headers in hop dst hop,dst; do
		check "$mode, $headers: TCP and UDP, every byte, each server a third" asked $headers
	done
	while read -r chain seen; do
		check "$mode, crafted: $chain" crafted "$chain" "rs[123] $seen 0 crafted"
	done <<-'END'
		hop,dst,rt0:0,dst hop,dst,rt,dst
		rt253:0 rt
		frag none
		hop,frag,dst hop,dst
		8xdst dst.*
	END
	# Of a routing header on which something is left, its last address is the destination: each server's
	# kernel refuses it (RFC 5095, 8200), and that is about the service.
	vip=$(mode_vip $mode 6)
	check "$mode, crafted: a way to go on (type 0): refused by a server" crafted rt0:1 "4 0 $vip"
	check "$mode, crafted: a way to go on (type 253): refused by a server" crafted rt253:1 "4 0 $vip"
	before=$(reasons ext_headers)
	check "$mode, crafted: nine headers: nobody answers" crafted 9xdst nothing
	check "$mode, crafted: hop-by-hop options not in front: nobody answers" crafted dst,hop nothing
	check "$mode, crafted: two fragment headers: nobody answers" crafted frag,frag nothing
	check "$mode: ... which is counted" equal $(($(reasons ext_headers) - before)) 3
	check "$mode: the director's host got none of all that" equal "$(got_by_host)" 0
	before=$(reasons passed)
	crafted ah nothing >/dev/null
	check "$mode, crafted: AH is left to the host, which has it already" equal "$(reasons passed)" "$before"
	tear_down
done
finish
