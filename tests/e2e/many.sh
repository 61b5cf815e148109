#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Two hundred real servers behind one director, by address translation and by tunnel, both families: all
# are served, and get what theory says: round robin exactly the same, by weight exactly so, a hash as even
# as chance is.
#
#     netns client            netns director                    netns farm1 .. farm4
#    +--------------+        +--------------+                  +---------------------------------+
#    | 192.0.2.9   c0 ====== d0 192.0.2.1   |                  | 198.51.100.11 to .210, each the |
#    |              |        |  lvsd: .80 NAT                  | fourth: 50 servers; one program |
#    |              |        |        .81 TUN                  | lvs-decap: 192.0.2.81           |
#    |              |        | 198.51.100.1 d1 =====+          |                                 |
#    |  198.51.100.9 c1 ===================bridge==+======== s0                                  |
#    +--------------+        +--------------+                  +---------------------------------+
#
# Each connection comes from another address: by NAT of 198.18.0.0/16, for which servers have the director as
# gateway; by tunnel of 198.19.0.0/16, whose answers go straight to the client. IPv6 likewise. Which server a
# connection got says the server itself; by tunnel, where it sees the service's address alone, the outer
# header of its SYN.
#
#    many.sh BUILD-DIRECTORY [ADAPTER]        packet when nothing is said, tun, xdp
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
MANY=$E2E/lib-many.py SERVERS=200 FARMS=(farm1 farm2 farm3 farm4)
WEIGHTS=1,3,2,4
declare -A PORT=([rr]=8001 [wrr]=8002 [mh]=8003) CYCLES=([rr]=5 [wrr]=2)
HASHED=4000 OPENED=0

adapter_is "${2:-packet}"
why=$(adapter_works) || skip "${2:-packet}: $why"

# server N [6], servers [6]: addresses.
server() {
	plan 2 $((10 + $1)) "${2:-}"
}
servers() {
	local n
	for ((n = 1; n <= SERVERS; n++)); do
		server $n "${1:-}"
	done
}
# farm NUMBER: its servers' addresses, what answers there, the way to the clients, and what counts SYNs in tunnels.
farm() {
	local name=farm$1 n
	host "$name" && plug "$name" s0 lan || return
	for ((n = $1; n <= SERVERS; n += ${#FARMS[@]})); do
		printf 'addr add %s dev s0\n' "$(server $n)/24" "$(server $n 6)/64"
	done >"$HOSTS_WORK/addresses"
	printf 'route add %s\n' "198.18.0.0/16 via $(plan 2 1)" "198.19.0.0/16 via $(plan 2 9)" \
		"2001:db8:18::/64 via $(plan 2 1 6)" "2001:db8:19::/64 via $(plan 2 9 6)" >>"$HOSTS_WORK/addresses"
	on "$name" -batch "$HOSTS_WORK/addresses" && silent "$name" || return
	start "$name" "$HOSTS_WORK/serve-$name" python3 "$MANY" serve "${PORT[@]}"
	start "$name" "$HOSTS_WORK/decap-$name" "$LVS_DECAP" --from "$(plan 2 1),$(plan 2 1 6)" \
		--address "$(plan 1 81),$(plan 1 81 6)"
	# The flags of TCP, 13 bytes behind two headers: SYN, and not ACK.
	at "$name" nft -f - <<-END
		table netdev watch {
			set seen4 { type ipv4_addr; size 1024; flags dynamic; counter; }
			set seen6 { type ipv6_addr; size 1024; flags dynamic; counter; }
			chain ways {
				type filter hook ingress device s0 priority -500;
				ip protocol 4 @nh,424,8 & 0x12 == 0x02 update @seen4 { ip daddr }
				ip6 nexthdr 41 @nh,744,8 & 0x12 == 0x02 update @seen6 { ip6 daddr }
			}
		}
	END
}
client() {
	stand client c0 1 9 && stand client c1 2 9 &&
		setting client ipv4/conf/all/rp_filter 0 && setting client ipv4/conf/c1/rp_filter 0 &&
		setting client ipv6/ip_nonlocal_bind 1 && silent client &&
		on client route add local 198.18.0.0/15 dev lo &&
		on client route add local 2001:db8:18::/64 dev lo && on client route add local 2001:db8:19::/64 dev lo
}
build() {
	local n
	switch lan && host client director && wire client c0 director d0 && plug client c1 lan &&
		plug director d1 lan && stand director d0 1 1 && stand director d1 2 1 && client &&
		on director route add 198.18.0.0/15 via "$(plan 1 9)" &&
		on director route add 2001:db8:18::/47 via "$(plan 1 9 6)" || return
	for n in 1 2 3 4; do
		farm $n || return
	done
	for n in "${FARMS[@]}"; do
		says "$HOSTS_WORK/serve-$n" ready && says "$HOSTS_WORK/decap-$n" 'ready on' || return
	done
}
# vip METHOD [6], clients METHOD [6]: the service's address; the network that its clients are of.
vip() { # METHOD [6]
	[ "$1" = nat ] && plan 1 80 "${2:-}" || plan 1 81 "${2:-}"
}
clients() { # METHOD [6]
	local third=18
	[ "$1" = nat ] || third=19
	[ -z "${2:-}" ] && echo 198.$third.0.0/16 || echo 2001:db8:$third::/64
}
rules() {
	local method family sched flag weights
	for method in nat tun; do
		[ $method = nat ] && flag=-m || flag=-i
		for family in '' 6; do
			for sched in "${!PORT[@]}"; do
				[ "$sched" = wrr ] && weights=$WEIGHTS || weights=1
				# shellcheck disable=SC2046 # addresses
				python3 "$MANY" rule "$(vip $method $family)" "${PORT[$sched]}" "$sched" $flag $weights $(servers $family)
			done
		done
	done
}
# syns [6]: the outer address of each SYN that came by tunnel, as often as it was seen; then begins anew.
syns() {
	local name
	for name in "${FARMS[@]}"; do
		at "$name" nft list set netdev watch "seen${1:-4}" && at "$name" nft flush set netdev watch "seen${1:-4}" || return
	done | tr , '\n' | sed -nE 's/.*[ \t]([0-9a-f.:]+) counter packets ([0-9]+).*/\1 \2/p' |
		awk '{ for (i = 0; i < $2; i++) print $1 }'
}
open_many() { # METHOD FAMILY SCHEDULER NUMBER
	at client python3 "$MANY" open "$(vip "$1" "$2")" "${PORT[$3]}" "$4" "$(clients "$1" "$2")" "$((${PORT[$3]} + $4))"
}
# all_served METHOD FAMILY SCHEDULER NUMBER: so many connections have an answer from a server.
all_served() {
	OPENED=$((OPENED + $4))
	open_many "$@" >"$HOSTS_WORK/told" && equal "$(wc -l <"$HOSTS_WORK/told")" "$4" || return
	if [ "$1" = nat ]; then
		mv "$HOSTS_WORK/told" "$HOSTS_WORK/had"
	else
		not grep -vx "$(vip "$1" "$2")" "$HOSTS_WORK/told" && syns "$2" >"$HOSTS_WORK/had"
	fi
}
spread_as() { # FAMILY WORD [WEIGHTS]
	# shellcheck disable=SC2046 # addresses
	python3 "$MANY" "${@:2}" $(servers "$1") <"$HOSTS_WORK/had"
}
cell() { # METHOD [6]
	local method=$1 family=${2:-} name=${1^^} n
	name+=", IPv${family:-4}"
	n=$((CYCLES[rr] * SERVERS))
	check "$name: rr, $n connections are served" all_served "$method" "$family" rr $n
	check "$name: rr, each server had the same" spread_as "$family" weigh 1
	n=$((CYCLES[wrr] * SERVERS / 4 * (${WEIGHTS//,/ + })))
	check "$name: wrr, $n connections are served" all_served "$method" "$family" wrr $n
	check "$name: wrr, each server had its weight's share" spread_as "$family" weigh $WEIGHTS
	check "$name: mh, $HASHED connections are served" all_served "$method" "$family" mh $HASHED
	check "$name: mh, each server had what chance gives" spread_as "$family" chance
	[ ! -s "$HOSTS_WORK/check" ] || sed "s/^/# $name: mh, /" "$HOSTS_WORK/check"
}

must build
rules >"$RULES"
must director "$RULES" nat
DIRECTOR=$STARTED
for method in nat tun; do
	for family in '' 6; do
		cell $method $family
	done
done
must tell
check "the adapter is ${2:-packet}" grep -qx "Adapter ${2:-packet}" "$HOSTS_WORK/report"
check "each connection was scheduled once" equal "$(reason scheduled)" "$OPENED"
check "lvsd dropped nothing, and could send all" clean_counters
check "lvsd ends well" stop "$DIRECTOR"
finish
