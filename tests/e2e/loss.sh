#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Bad paths: 5 % loss, doubling, reordering and an MTU of 1280. TCP down and up, and UDP with
# fragments, of both families, by each method: every byte that arrives is right, and all of TCP arrives
# in time.
#
# 1. The client is behind an IPv6 tunnel: its path takes 1280 bytes, its own link 1500. So routers must
#    tell both ends of the MTU; servers hear of it by way of the director.
#
#    far ==== gate ~~~~ relay ~~~~ client ==== what is there in NAT, TUN and DR
#       1500        bad, 1280            1500
#
# 2. The servers are behind the director's IPv6 tunnel. Its path takes 1320 bytes: with the outer header
#    of 40 that leaves 1280, the least that IPv6 knows.
#
#    client ==== router ~~~~ relay ~~~~ gate ==== rs1 .. rs3
#                  |        bad, 1320
#               director
#
# 3. The same with 1280: 1240 are left, in an IPv4 tunnel 1260, too little for IPv6. So IPv6 packets of up
#    to 1280 bytes travel in two fragments of the outer packet (RFC 2473, 7.1; RFC 4213, 3.2.1), and longer
#    ones are refused with 1280.
#
#    loss.sh BUILD-DIRECTORY [MEGABYTES [CASE]]      a file has 1 MB when nothing is said; a case is tunnel-1320,
#                                                    tunnel-1280, or MODE-ADAPTER with "-plain" behind it where
#                                                    all offloads are off: nat-packet, dr-xdp-plain ...
#
# All cases at once, each in namespaces of its own, when none is named: they wait more than they work. The
# plain ones only with larger files.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
. "$(dirname "$0")/lib-loss.sh"
CASES=(nat-packet nat-tun nat-xdp tun-packet tun-tun tun-xdp dr-packet dr-xdp tunnel-1320 tunnel-1280)
PLAIN=(nat-packet-plain nat-tun-plain nat-xdp-plain tun-packet-plain tun-tun-plain tun-xdp-plain dr-packet-plain dr-xdp-plain)
[ "${2:-1}" -eq 1 ] || CASES+=("${PLAIN[@]}")
[ -n "${3:-}" ] || at_once "$0" "${1:?usage: loss.sh BUILD-DIRECTORY [MEGABYTES [CASE]]}" "${2:-1}" "${CASES[@]}"
begin "$@"
RELAY_PROGRAM=$1/tests/e2e/relay
[ -x "$RELAY_PROGRAM" ] || skip "relay is not built"
SIZE=$2
# shellcheck disable=SC2034 # lib-loss.sh: seconds for a transfer
PATIENCE=$((30 + 10 * SIZE))
IS_PLAIN='' FAR=198.18.9 FAR6=2001:db8:9:

# Behind the host "client", which is a router here: PATH... is the command that connects it.
far_hosts() {
	host far gate && wire far m0 gate g0 && forwarding gate && forwarding client &&
		address far m0 $FAR.9/24 $FAR6:9/64 && address gate g0 $FAR.1/24 $FAR6:1/64 &&
		gateway far $FAR.1 $FAR6:1
}

# way HOST VIA VIA6: to the far client.
way() {
	on "$1" route add $FAR.0/24 via "$2" && on "$1" route add $FAR6:/64 via "$3"
}

# Where packets for the far client leave the local network.
ways() {
	local name
	case $1 in
	nat) way director 192.0.2.9 2001:db8:1::9 ;;
	tun) way router 192.0.2.9 2001:db8:1::9 ;;
	dr)
		for name in director rs1 rs2 rs3; do
			way $name 192.0.2.9 2001:db8:1::9 || return
		done
		;;
	esac
}

set_up_client() { # MODE
	MODE=$1 CLIENT=far
	must mode_build "$MODE"
	[ "$MODE" != tun ] || { on client link set c0 mtu 1500 && on router link set r0 mtu 1500; }
	must far_hosts
	must bad_path 1280 gate t0 client t1
	must on gate route add default dev t0
	must on gate -6 route add default dev t0
	must on client route add $FAR.0/24 dev t1
	must on client route add $FAR6:/64 dev t1
	must ways "$MODE"
	set_up
}

# As mode_tun_hosts, and all that goes to servers, or comes from them, takes the bad path.
tunnel_hosts() { # MTU
	local n
	host client router director gate && forwarding router && forwarding gate &&
		wire client c0 router r0 && wire director d0 router r1 && bad_path "$1" router t0 gate t1 &&
		stand router r0 1 1 && stand router r1 3 1 && mode_client &&
		stand director d0 3 2 && lead director 3 1 && servers_behind gate g0 2 lan 1 2 3 &&
		on router route add 198.51.100.0/24 dev t0 && on router route add 2001:db8:2::/64 dev t0 &&
		on gate route add default dev t1 && on gate -6 route add default dev t1 || return
	for n in 1 2 3; do
		unwrap rs$n 3 80 3 2 || return
	done
}

set_up_tunnel() { # MTU
	MODE=tun CLIENT=client
	must tunnel_hosts "$1"
	set_up
}

# Every kernel has reno, and it is what loss slows down the most: the times are the worst.
set_up() {
	local n
	must setting $CLIENT ipv4/tcp_congestion_control reno
	for n in 1 2 3; do
		must setting rs$n ipv4/tcp_congestion_control reno
		must web rs$n
		ln -s "$HOSTS_WORK/data" "$HOSTS_WORK/rs$n/files/data"
		if [ "$MODE" = nat ]; then
			must udp_echo $n 7007 "$(mode_server nat $n)" "$(mode_server nat $n 6)"
		else
			must udp_echo $n 7 "$(mode_vip "$MODE")" "$(mode_vip "$MODE" 6)"
		fi
	done
	: >"$RULES"
	must director "$RULES" "$MODE"
	DIRECTOR=$STARTED
	[ -z "$IS_PLAIN" ] || must offloads off
}

# rules SERVICE-FAMILY SERVER-FAMILY [OPTION...]: TCP and UDP; "" is IPv4.
rules() {
	local n vip flag=-g tcp=80 udp=7
	vip=$(bracket "$(mode_vip "$MODE" "$1")")
	case $MODE in
	nat) flag=-m tcp=8080 udp=7007 ;;
	tun) flag=-i ;;
	esac
	printf -- '-A -t %s:80 -s rr %s\n-A -u %s:7 -s rr\n' "$vip" "${*:3}" "$vip"
	for n in 1 2 3; do
		printf -- '-a -t %s:80 -r %s:%s %s\n' "$vip" "$(bracket "$(mode_server "$MODE" $n "$2")")" $tcp $flag
		printf -- '-a -u %s:7 -r %s:%s %s\n' "$vip" "$(bracket "$(mode_server "$MODE" $n "$2")")" $udp $flag
	done
}

# in_force FAMILY...: the rules are; the service addresses answer, and every neighbour is known.
in_force() {
	local family n
	reload || return
	for family; do
		[ "$family" = 6 ] || family=''
		soon get "$MODE" "$family" && for n in 1 2 3; do get "$MODE" "$family" || return; done || return
	done
}

watch_untranslated() {
	count "$CLIENT" m0 untranslated4 'ip saddr 198.51.100.0/24' &&
		count "$CLIENT" m0 untranslated6 'ip6 saddr 2001:db8:2::/64'
}

untranslated() {
	equal "$(counted "$CLIENT" untranslated4)" 0 && equal "$(counted "$CLIENT" untranslated6)" 0
}

# heard REASON: lvsd has counted it.
heard() {
	tell && more "$(reason "$1")" 0
}

# tunnel_rounds NAME: services of both families by servers of both families.
tunnel_rounds() {
	local outer
	for outer in '' 6; do
		{ rules '' "$outer" && rules 6 "$outer"; } >"$RULES"
		check "$1, outer IPv${outer:-4}: rules" in_force 4 6
		traffic "$1, outer IPv${outer:-4}" 4 6
	done
}

# traffic NAME FAMILY...: all at once.
traffic() {
	local name=$1 family n began=$SECONDS
	for family in "${@:2}"; do
		[ "$family" = 6 ] || family=''
		for n in 1 2; do
			job "$name, IPv${family:-4}: $SIZE MB down, $n" download "$(mode_url "$MODE" "$family")"
			job "$name, IPv${family:-4}: $SIZE MB up, $n" upload "$(mode_url "$MODE" "$family")" "up$family$n"
		done
		job "$name, IPv${family:-4}: datagrams" datagrams "$(mode_vip "$MODE" "$family")"
	done
	# The first connections have taken memory for many.
	DATA=$(memory VmData)
	jobs_end
	check "$name: lvsd's memory did not grow" near "$(memory VmData)" "$DATA" 64
	rm -f "$HOSTS_WORK"/rs?/files/up*
	echo "# $name: all in $((SECONDS - began)) s"
}

# tear_down NAME [REASON...]: lvsd has dropped nothing but for these reasons, and what must be: a late
# packet of a round before, whose servers the rules no longer have; a fragment that comes twice, or whose
# first one was too long.
tear_down() {
	local may='dest_gone fragment_duplicate fragment_refused'
	must tell
	# shellcheck disable=SC2086 # words
	check "$1: lvsd dropped nothing, and could send all" clean_counters $may "${@:2}"
	check "$1: each packet that came has a reason" all_accounted
	[ -z "$IS_PLAIN" ] || check "$1: each one that was to be sent was" all_sent
	check "$1: lvsd finds itself sound" sound
	[ "$MODE" != nat ] || check "$1: nothing came untranslated" untranslated
	check "$1: the path was bad" path_was_bad
	sed 's/^/# /' "$HOSTS_WORK/path"
	check "$1: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

# The first arrangement.
client_path() { # MODE ADAPTER plain|''
	local name=$1-$2${3:+-$3}
	adapter_is "$2"
	why=$(adapter_works) || { echo "skip - $name: $why" && return; }
	IS_PLAIN=$3
	set_up_client "$1"
	[ "$1" != nat ] || must watch_untranslated
	if [ "$1" = tun ]; then
		tunnel_rounds "$name"
	else
		{ rules '' '' && rules 6 6; } >"$RULES"
		check "$name: rules" in_force 4 6
		traffic "$name" 4 6
	fi
	check "$name: an MTU was heard of by way of the director" heard icmp_forwarded
	tear_down "$name"
}

must python3 -c 'import random, sys
open(sys.argv[1], "wb").write(random.Random(5).randbytes(int(sys.argv[2]) << 20))' "$HOSTS_WORK/data" "$SIZE"
echo "# $3: files of $SIZE MB, each way: ${BAD[*]}"
case $3 in
tunnel-1320)
	set_up_tunnel 1320
	tunnel_rounds "$3"
	check "$3: the client heard of the MTU" heard reply_tunnel
	tear_down "$3"
	;;
tunnel-1280)
	set_up_tunnel 1280
	tunnel_rounds "$3"
	# A packet that is too long for the tunnel alone: the error about it has done its work.
	tear_down "$3" tunnel_error
	;;
*)
	IFS=- read -r mode name plain <<<"$3"
	client_path "$mode" "$name" "$plain"
	;;
esac
finish
