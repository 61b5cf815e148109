#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# IPv6 by each of the three ways, and tunnels of one family in the other: what they look like, what
# becomes of packets that are too long for them, what the outer header takes from the inner one.
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
. "$(dirname "$0")/lib-report.sh"
begin "$@"
extension=$E2E/lib-extension.py
CLASS_PORT=7000

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
	local n vip server
	vip=$(bracket "$(mode_vip tun "$1")")
	mode_service tun "$1"
	printf -- '-A -u %s:%s -s rr\n' "$vip" $CLASS_PORT
	for n in 1 2 3; do
		server=$(bracket "$(mode_server tun $n "$2")")
		printf -- '-a -t %s:80 -r %s:80 -i\n-a -u %s:%s -r %s:%s -i\n' "$vip" "$server" \
			"$vip" $CLASS_PORT "$server" $CLASS_PORT
	done
}

# links CLIENT-MTU SERVER-MTU, and nothing learned.
links() {
	on client link set c0 mtu "$1" && on router link set r0 mtu "$1" &&
		on router link set r2 mtu "$2" && on client -4 route flush cache &&
		on client -6 route flush cache
}
# up MTU SERVICE-FAMILY: 2 MB up, whole; the client has learned this MTU.
up() {
	local vip
	vip=$(mode_vip tun "$2")
	uploaded "$HOSTS_WORK/two" "$(mode_url tun "$2")" &&
		equal "$(on client route get "$vip" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')" "$1"
}
# counts REASON COMMAND...: the command makes lvsd count it. counts_not: it does not.
counts() {
	local before
	tell && before=$(reason "$1") && "${@:2}" && tell && more "$(reason "$1")" "$before"
}
counts_not() {
	local before
	tell && before=$(reason "$1") && "${@:2}" && tell && equal "$(reason "$1")" "$before"
}

# too_long NAME SERVICE-FAMILY SERVER-FAMILY: from a link of 1500 into a tunnel; then the servers' link
# takes 1400. What fits is learned, but where the outer header is an IPv4 one without "don't fragment",
# as around IPv6: there the router cuts.
too_long() {
	local overhead=40
	[ -n "$3" ] || overhead=20
	# What was learned of the servers' link before is forgotten.
	must stop "$DIRECTOR"
	must director "$RULES" tun
	DIRECTOR=$STARTED
	must soon get tun "$2" >/dev/null
	must links 1500 1500
	check "$1: from a link of 1500, which the client learns is too long" \
		counts reply_mtu up $((1500 - overhead)) "$2"
	must links 1500 1400
	if [ -n "$3" ]; then
		check "$1: the servers' link takes 1400, and its router's word is passed on" \
			counts reply_tunnel up $((1400 - overhead)) "$2"
	else
		must count rs1 s0 "cut$2$3" 'ip protocol 41 ip frag-off & 0x1fff != 0'
		must count rs2 s0 "cut$2$3" 'ip protocol 41 ip frag-off & 0x1fff != 0'
		must count rs3 s0 "cut$2$3" 'ip protocol 41 ip frag-off & 0x1fff != 0'
		check "$1: the servers' link takes 1400, and its router cuts" \
			counts_not reply_tunnel up $((1500 - overhead)) "$2"
		check "$1: ... it does" more "$(($(counted rs1 "cut$2$3") + $(counted rs2 "cut$2$3") + $(
			counted rs3 "cut$2$3"
		)))" 100
	fi
	must links 1400 1500
}

# say CLASS FAMILY: a datagram of that class (and, by IPv6, a flow label) to the service.
say() {
	if [ -n "$2" ]; then
		at client python3 "$extension" craft "$(mode_vip tun 6)" $CLASS_PORT none "$1"
		return
	fi
	at client python3 -c '
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, int(sys.argv[3]))
sock.sendto(b"classed", (sys.argv[1], int(sys.argv[2])))
' "$(mode_vip tun)" $CLASS_PORT "$1"
}
# The ways to say it to nft: of the outer header at the router, of the inner one at a server.
class_counters() { # NAME OUTER INNER: OUTER and INNER match the packet, then class and bits are added
	local dscp ecn host
	for dscp in cs0 ef; do
		for ecn in not-ect ect0 ect1 ce; do
			count router r1 "$1_${dscp}_${ecn/-/_}" "$2 dscp $dscp ${2##* } ecn $ecn" || return
			for host in rs1 rs2 rs3; do
				at $host nft -f - <<-END || return
					table inet inner {
						counter $1_${dscp}_${ecn/-/_} { }
						chain in {
							type filter hook prerouting priority -500;
						}
					}
					add rule inet inner in udp dport $CLASS_PORT $3 dscp $dscp $3 ecn $ecn \
						counter name $1_${dscp}_${ecn/-/_}
				END
			done
		done
	done
}
inner_counted() { # NAME: at the servers together
	local host sum=0
	for host in rs1 rs2 rs3; do
		sum=$((sum + $(at $host nft list counter inet inner "$1" | awk '$1 == "packets" { print $2 }')))
	done
	echo $sum
}
# carried NAME FAMILY CLASS OUTER INNER: a datagram of that class has these outside and inside.
carried() {
	local outer inner
	outer=$(counted router "$1_$4") inner=$(inner_counted "$1_$5")
	say "$3" "$2" && soon class_seen "$1_$5" "$inner" && equal "$(counted router "$1_$4")" $((outer + 1))
}
class_seen() {
	[ "$(inner_counted "$1")" -eq $(($2 + 1)) ]
}
# classes NAME KEY SERVICE-FAMILY OUTER-MATCH: the DSCP goes out with it, the ECN bits too, but for CE:
# that stays inside, and ECT(0) is outside (RFC 3168, 9.1.1, full functionality).
classes() {
	must class_counters "$2" "$4" "ip${3:+6}"
	check "$1: class 0" carried "$2" "$3" 0 cs0_not_ect cs0_not_ect
	check "$1: EF" carried "$2" "$3" 184 ef_not_ect ef_not_ect
	check "$1: EF, ECT(0)" carried "$2" "$3" 186 ef_ect0 ef_ect0
	check "$1: EF, ECT(1)" carried "$2" "$3" 185 ef_ect1 ef_ect1
	check "$1: EF, CE" carried "$2" "$3" 187 ef_ect0 ef_ce
}

# tunnel NAME KEY SERVICE-FAMILY SERVER-FAMILY MATCH OUTER
tunnel() {
	tunnel_rules "$3" "$4" >"$RULES"
	check "$1: rules" reload || return
	must count router r1 "wrapped$3$4" "$5"
	# A new service address comes when the network was asked for it.
	check "$1: the service address" soon get tun "$3"
	served "$1" tun "$3"
	check "$1: that is what it looks like at the router" more "$(counted router "wrapped$3$4")" 100
	classes "$1" "$2" "$3" "$5 $6"
	too_long "$1" "$3" "$4"
}
set_up tun
must count director d0 replies 'ip6 saddr 2001:db8:3::80 tcp sport 80'
head -c 2M /dev/urandom >"$HOSTS_WORK/two"
for name in rs1 rs2 rs3; do
	start $name "$HOSTS_WORK/$name.class" python3 "$extension" serve $name $CLASS_PORT
	must says "$HOSTS_WORK/$name.class" ready
done
# The client's packets have a flow label; those of the tunnel have none.
must count router r0 labelled 'ip6 daddr 2001:db8:3::80 ip6 flowlabel != 0'
must count router r1 outer_labelled 'ip6 saddr 2001:db8:3::2 ip6 flowlabel != 0'
tunnel "TUN, 6 in 6" six_six 6 6 'ip6 nexthdr 41 ip6 saddr 2001:db8:3::2' ip6
tunnel "TUN, 6 in 4" six_four 6 '' 'ip protocol 41 ip saddr 203.0.113.2 ip frag-off & 0x4000 == 0' ip
tunnel "TUN, 4 in 6" four_six '' 6 'ip6 nexthdr 4 ip6 saddr 2001:db8:3::2' ip6
check "TUN: flow labels of clients" more "$(counted router labelled)" 100
check "TUN: ... stay inside" equal "$(counted router outer_labelled)" 0
check "TUN: no reply came to the director" equal "$(counted director replies)" 0
tear_down TUN
finish
