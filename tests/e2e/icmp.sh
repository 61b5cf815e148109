#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# ICMP errors: of servers and routers, translated; of the director's own. Large uploads through
# tunnels that take less than the client's link, by path MTU discovery.
#
#    client 192.0.2.9 ==== director ==== rs1 .. rs3, 198.51.100.11 ..           NAT
#
#    client ==== router ==== rs1 .. rs3                                         TUN
#                  |         (1400 bytes, in the last cases)
#               director 203.0.113.2
#
#    client ==+= director =+= rs1 .. rs3, 192.0.2.11 ..                         DR
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"

# Nothing listens on 33434 of the servers; 33435 has no server.
icmp_rules() { # MODE [6] [SERVICE-OPTION...]
	local vip flag=-g
	vip=$(bracket "$(mode_vip "$1" "$2")")
	case $1 in
	nat) flag=-m ;;
	tun) flag=-i ;;
	esac
	mode_service "$1" "$2" | sed "s/\$/ ${*:3}/"
	mode_dest "$1" 1 1 "$2"
	printf -- '-A -u %s:33434 -s rr\n-a -u %s:33434 -r %s:33434 %s\n-A -u %s:33435 -s rr\n' "$vip" "$vip" \
		"$(bracket "$(mode_server "$1" 1 "$2")")" $flag "$vip"
}

# told PORT TTL EXPECTED: what the client learns of a datagram.
told() {
	local got
	got=$(at client python3 "$E2E/lib-icmp.py" "$(mode_vip "$MODE" "$FAMILY")" "$1" "$2") &&
		equal "$got" "$3"
}

# own_error ADDRESS PORT EXPECTED [HOST]: the same of one to an address that is no service's.
own_error() {
	local got
	got=$(at "${4:-client}" python3 "$E2E/lib-icmp.py" "$1" "$2" 64) && equal "$got" "$3"
}

set_up() { # MODE [OPTION...]
	MODE=$1 FAMILY=
	must mode_build "$1"
	must web rs1
	icmp_rules "$1" '' >"$RULES"
	icmp_rules "$1" 6 >>"$RULES"
	must director "$RULES" "$@"
	DIRECTOR=$STARTED
}
tear_down() {
	check "$1: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

# client_mtu MTU ADDRESS: what the client has learned of the path there.
client_mtu() {
	equal "$(on client route get "$2" | sed -n 's/.*mtu \([0-9]*\).*/\1/p')" "$1"
}

# upload FAMILY: 2 MB.
upload() {
	uploaded "$HOSTS_WORK/two" "$(mode_url "$MODE" "$1")"
}
head -c 2M /dev/urandom >"$HOSTS_WORK/two"

# reasons NAME: how often packets had that reason, by lvsd's own count.
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

# once COUNTER COMMAND...: the command brings the client one more of these frames, not two.
once() {
	local before
	before=$(counted client "$1")
	"${@:2}" && sleep 0.2 && equal "$(counted client "$1")" $((before + 1))
}

# --- NAT: the host forwards, too, and must not send the same error untranslated. ---
set_up nat --forwarding
must count client c0 untranslated 'ip saddr 198.51.100.0/24'
must count client c0 untranslated6 'ip6 saddr 2001:db8:2::/64'
must count client c0 errors 'icmp type { destination-unreachable, time-exceeded }'
must count client c0 errors6 'icmpv6 type { destination-unreachable, time-exceeded }'
check "NAT: no hops left at the director" told 33434 1 "11 0 192.0.2.80"
check "NAT: port unreachable of a server, once" once errors told 33434 64 "3 3 192.0.2.80"
check "NAT: no server" told 33435 64 "3 3 192.0.2.80"
check "NAT: no error came untranslated" equal "$(counted client untranslated)" 0
check "NAT: the server still answers pings" at director ping -c 1 -W 3 198.51.100.11
FAMILY=6
check "NAT, IPv6: no hops left at the director" told 33434 1 "3 0 2001:db8:1::80"
check "NAT, IPv6: port unreachable of a server, once" once errors6 told 33434 64 "1 4 2001:db8:1::80"
check "NAT, IPv6: no server" told 33435 64 "1 4 2001:db8:1::80"
check "NAT, IPv6: no error came untranslated" equal "$(counted client untranslated6)" 0
check "NAT, IPv6: the server still answers pings" at director ping -c 1 -W 3 2001:db8:2::11

# A server's own business is not lvsd's, though errors about it pass by the same sets.
check "NAT: a client that asks a server's other port is told by the server" \
	own_error 198.51.100.11 33436 "3 3 198.51.100.11"
check "NAT, IPv6: ..." own_error 2001:db8:2::11 33436 "1 4 2001:db8:2::11"
check "NAT: one that asks the service's port directly, too" \
	own_error 198.51.100.11 33434 "3 3 198.51.100.11"
check "NAT, IPv6: ..." own_error 2001:db8:2::11 33434 "1 4 2001:db8:2::11"
check "NAT: the director is told of its own" own_error 198.51.100.11 33434 "3 3 198.51.100.11" director
check "NAT, IPv6: ..." own_error 2001:db8:2::11 33434 "1 4 2001:db8:2::11" director
FAMILY=
must on director link set d1 mtu 1300
check "NAT: 2 MB up, the servers' link takes 1300" upload ''
check "NAT: by frag needed" more "$(reasons reply_mtu)" 0
tear_down NAT

set_up nat --forwarding
must on director link set d1 mtu 1300
icmp_rules nat '' -b mss-clamp >"$RULES"
check "NAT, mss-clamp: rules" reload
check "NAT, mss-clamp: 2 MB up" upload ''
check "NAT, mss-clamp: no frag needed" equal "$(reasons reply_mtu)" 0
tear_down "NAT, mss-clamp"

# --- NAT, servers behind a router, whose errors are about what went to them. ---
#
#    client ==== director ==== rs1, which forwards ==== far 198.51.101.2 (1300 bytes)
#
far_rules() {
	local port vip server
	for port in 80 33434; do
		for vip in 192.0.2.80 '[2001:db8:1::80]'; do
			server=198.51.101.2
			[[ $vip != *:* ]] || server='[2001:db8:4::2]'
			printf -- '-A %s %s:%s -s rr\n-a %s %s:%s -r %s:%s -m\n' \
				"$1" "$vip" $port "$1" "$vip" $port "$server" $port
		done
	done
}
must mode_build nat
must host far
must wire rs1 s1 far f0
must forwarding rs1
must address rs1 s1 198.51.101.1/24 2001:db8:4::1/64
must address far f0 198.51.101.2/24 2001:db8:4::2/64
must gateway far 198.51.101.1 2001:db8:4::1
must on director route add 198.51.101.0/24 via 198.51.100.11
must on director route add 2001:db8:4::/64 via 2001:db8:2::11
must on rs1 link set s1 mtu 1300
must web far
{ far_rules -t && far_rules -u; } >"$RULES"
must director "$RULES" nat --forwarding
DIRECTOR=$STARTED
must count client c0 errors 'icmp type { destination-unreachable, time-exceeded }'
must count client c0 errors6 'icmpv6 type { destination-unreachable, time-exceeded, packet-too-big }'
must count client c0 untranslated 'ip saddr { 198.51.100.0/24, 198.51.101.0/24 }'
must count client c0 untranslated6 'ip6 saddr { 2001:db8:2::/64, 2001:db8:4::/64 }'
far_upload() {
	rm -f "$HOSTS_WORK/far/files/two"
	at client curl -sS --max-time 60 -f -T "$HOSTS_WORK/two" "$(mode_url nat "$1")/files/" &&
		cmp "$HOSTS_WORK/two" "$HOSTS_WORK/far/files/two"
}
for FAMILY in '' 6; do
	name="NAT, a router behind${FAMILY:+, IPv6}"
	expected="11 0 192.0.2.80"
	[ -z "$FAMILY" ] || expected="3 0 2001:db8:1::80"
	MODE=nat
	check "$name: no hops left there, once" once "errors$FAMILY" told 33434 2 "$expected"
	before=$(counted client "errors$FAMILY")
	check "$name: 2 MB up, its link takes 1300" far_upload "$FAMILY"
	check "$name: by its word" more "$(counted client "errors$FAMILY")" "$before"
	check "$name: no error came untranslated" equal "$(counted client "untranslated$FAMILY")" 0
done
check "NAT, a router behind: the client learned the MTU" client_mtu 1300 192.0.2.80
check "NAT, a router behind, IPv6: ..." client_mtu 1300 2001:db8:1::80
tear_down "NAT, a router behind"
rm -rf "$HOSTS_WORK/far"

# --- DR ---
set_up dr
check "DR: no hops left at the director" told 33434 1 "11 0 192.0.2.80"
check "DR: port unreachable of a server" told 33434 64 "3 3 192.0.2.80"
check "DR: no server" told 33435 64 "3 3 192.0.2.80"
tear_down DR

# --- TUN ---
set_up tun
must on client link set c0 mtu 1500
must on router link set r0 mtu 1500
check "TUN: no hops left at the router" told 33434 1 "11 0 192.0.2.1"
check "TUN: no hops left at the director" told 33434 2 "11 0 203.0.113.80"
check "TUN: no hops left within the tunnel" told 33434 3 "11 0 203.0.113.80"
check "TUN: port unreachable of a server" told 33434 64 "3 3 203.0.113.80"
check "TUN: 2 MB up, from a link of 1500" upload ''
check "TUN: by frag needed" more "$(reasons reply_mtu)" 0
check "TUN, IPv6: 2 MB up, from a link of 1500" upload 6
must at client ip route flush cache
must on router link set r2 mtu 1400
check "TUN: 2 MB up, the servers' link takes 1400" upload ''
check "TUN: the router's word was passed on" more "$(reasons reply_tunnel)" 0
tear_down TUN
finish
