#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# ESP, and with IPv4 AH, go where the key exchange from port 500 to port 500 went; without one they go
# nowhere. Both families. (IPv6 has AH as an extension header: what it vouches for is balanced.)
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +--------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80   |          |  UDP 500, ESP, AH       |
#                       | 198.51.100.1 d1 =bridge= s0                       |
#                       +--------------+          +-------------------------+
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"

must mode_build nat
for n in 1 2 3; do
	start rs$n "$HOSTS_WORK/ike$n.log" python3 "$E2E/lib-who.py" serve rs$n 500
	must says "$HOSTS_WORK/ike$n.log" ready
	for address in "$(mode_server nat $n)" "$(mode_server nat $n 6)"; do
		start rs$n "$HOSTS_WORK/esp.log" python3 "$E2E/lib-esp.py" serve rs$n "$address"
		must says "$HOSTS_WORK/esp.log" ready
	done
done
for vip in 192.0.2.80 '[2001:db8:1::80]'; do
	echo "-A -u $vip:500 -s rr"
	net=198.51.100.1
	[ "$vip" = 192.0.2.80 ] || net=2001:db8:2::1
	for n in 1 2 3; do
		echo "-a -u $vip:500 -r $net$n -m"
	done
done >"$RULES"
must forwarding director
must director "$RULES" nat
DIRECTOR=$STARTED
must count client c0 untranslated 'ip saddr 198.51.100.0/24'
must count client c0 untranslated6 'ip6 saddr 2001:db8:2::/64'

ask() { # SERVICE esp|ah [WAIT]
	at client python3 "$E2E/lib-esp.py" ask "$@"
}
for family in '' 6; do
	name="IPv${family:-4}" protocols='esp ah'
	[ -z "$family" ] || protocols=esp
	vip=$(mode_vip nat $family)
	for protocol in $protocols; do
		check "$name: $protocol without a key exchange has no answer" equal "$(ask "$vip" $protocol 0.5)" none
	done
	server=$(at client python3 "$E2E/lib-who.py" ask udp "$vip" 500 port=500)
	check "$name: a key exchange has a server" grep -q rs <<<"$server"
	for protocol in $protocols; do
		check "$name: $protocol goes to the same" equal "$(ask "$vip" $protocol)" "$server"
	done
	check "$name: nothing came untranslated" equal "$(counted client "untranslated$family")" 0
done
check "there are two connections" tell
check "... those of the key exchanges" equal "$(grep -c '^UDP .*:500 .*:500 ' "$HOSTS_WORK/report")" 2
check "lvsd ends well" stop "$DIRECTOR"
finish
