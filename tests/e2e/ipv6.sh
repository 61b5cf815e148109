#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# IPv6 by each of the three ways, and tunnels of one family in the other.
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

# answers MODE FAMILY: each server a third, and all saw the client's address.
answers() {
	local client=192.0.2.9
	[ "$2" != 6 ] || client=2001:db8:1::9
	spread "$1" 30 "$2" >"$HOSTS_WORK/answers" && even "$HOSTS_WORK/answers" 30 &&
		equal "$(cut -d ' ' -f 2 "$HOSTS_WORK/answers" | sort -u)" $client
}
# served NAME MODE FAMILY
served() {
	check "$1: each server a third of the requests" answers "$2" "$3"
	check "$1: large files" large "$2" "$3"
}
set_up() { # MODE
	must mode_build "$1"
	for name in rs1 rs2 rs3; do
		must web $name
	done
	mode_rules "$1" 6 >"$RULES"
	must director "$RULES" "$1"
	DIRECTOR=$STARTED
}
tear_down() {
	check "$1: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

set_up nat
must count client c0 untranslated 'ip6 saddr 2001:db8:2::/64'
served NAT nat 6
check "NAT: no reply came untranslated" equal "$(counted client untranslated)" 0
tear_down NAT

set_up dr
must count director d0 replies 'ip6 saddr 2001:db8:1::80 tcp sport 80'
served DR dr 6
check "DR: no reply came to the director" equal "$(counted director replies)" 0
tear_down DR

# rules SERVICE-FAMILY SERVER-FAMILY; "" is IPv4.
tunnel_rules() {
	local n vip
	vip=$(bracket "$(mode_vip tun "$1")")
	mode_service tun "$1"
	for n in 1 2 3; do
		printf -- '-a -t %s:80 -r %s:80 -i\n' "$vip" "$(bracket "$(mode_server tun $n "$2")")"
	done
}
# tunnel NAME SERVICE-FAMILY SERVER-FAMILY FILTER
tunnel() {
	tunnel_rules "$2" "$3" >"$RULES"
	check "$1: rules" reload || return
	must count router r1 "wrapped$2$3" "$4"
	# A new service address comes when the network was asked for it.
	check "$1: the service address" soon get tun "$2"
	served "$1" tun "$2"
	check "$1: that is what it looks like at the router" more "$(counted router "wrapped$2$3")" 100
}
set_up tun
must count director d0 replies 'ip6 saddr 2001:db8:3::80 tcp sport 80'
tunnel "TUN, 6 in 6" 6 6 'ip6 nexthdr 41 ip6 saddr 2001:db8:3::2'
tunnel "TUN, 6 in 4" 6 '' 'ip protocol 41 ip saddr 203.0.113.2'
tunnel "TUN, 4 in 6" '' 6 'ip6 nexthdr 4 ip6 saddr 2001:db8:3::2'
check "TUN: no reply came to the director" equal "$(counted director replies)" 0
tear_down TUN
finish
