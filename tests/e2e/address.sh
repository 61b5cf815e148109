#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The service's address on the director: taken, announced, answered for, given up, left alone.
#
#     netns client           netns director            netns other
#    +-----------+          +-----------------+       +-------------------+
#    | 192.0.2.9 |          | 192.0.2.1       |       | 192.0.2.7         |
#    |           |          | lvsd: 192.0.2.80|       | 192.0.2.80, later |
#    +-----c0----+          +------d0---------+       +--------o0---------+
#          |                       |                           |
#    ======+=======================+======== bridge ===========+====
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
vip=192.0.2.80 vip6=2001:db8:1::80

must switch lan
must host client director other
must plug client c0 lan
must plug director d0 lan
must plug other o0 lan
must address client c0 192.0.2.9/24 2001:db8:1::9/64
must address director d0 192.0.2.1/24 2001:db8:1::1/64
must address other o0 192.0.2.7/24 2001:db8:1::7/64
must setting other ipv4/conf/o0/arp_notify 1
{ mode_service dr && mode_service dr 6; } >"$RULES"
must count client c0 announced "arp saddr ip $vip arp daddr ip $vip"
must count client c0 announced6 "ip6 daddr ff02::1 icmpv6 type nd-neighbor-advert @th,64,128 0x20010db8000100000000000000000080"
must count client c0 any "arp saddr ip $vip"

held() { # ADDRESS
	on director addr show dev d0 | grep -q "inet6\? $1/"
}
# Who is at ADDRESS: has HOST-INTERFACE's MAC.
answered() {
	on client neigh flush dev c0
	at client ping -q -c 1 -W 2 "$1" >/dev/null
	on client neigh show "$1" | tee /dev/stderr | grep -q "lladdr $(mac "$2" "$3")"
}
unanswered() {
	on client neigh flush dev c0
	! at client ping -q -c 1 -W 1 "$1" >/dev/null && ! on client neigh show "$1" | grep lladdr
}
at_least() {
	[ "$(counted client "$1")" -ge "$2" ]
}
lvsd() {
	director "$RULES" dr "$@"
	DIRECTOR=$STARTED
}

# 1. Taken and announced.
must lvsd
check "the address is on the interface" held $vip
check "the IPv6 address is" held $vip6
check "ARP is answered" answered $vip director d0
check "neighbour solicitations are answered" answered $vip6 director d0
check "announced three times by ARP" soon at_least announced 3
check "announced three times by neighbour advertisement" soon at_least announced6 3

# 2. A service that goes takes its address along.
mode_service dr >"$RULES"
check "rules without the IPv6 service" reload
check "its address is gone" not held $vip6
check "the other is there" held $vip
check "lvsd ends well" stop "$DIRECTOR"
check "then it is gone, too" not held $vip
check "nobody answers for it" unanswered $vip

# 3. Left alone.
before=$(counted client any)
must lvsd --no-address
check "--no-address: not taken" not held $vip
check "--no-address: not answered" unanswered $vip
check "--no-address: nothing is announced" equal "$(counted client any)" "$before"
must address director d0 $vip/32
check "--no-address: what another program put there is answered" answered $vip director d0
check "lvsd ends well" stop "$DIRECTOR"
check "--no-address: it stays" held $vip
must lvsd
check "an address that is there is no reason not to start" held $vip
check "it is told of" says "$LOG" "$vip is on the host already, put there by another program"
check "lvsd ends well" stop "$DIRECTOR"
check "it stays" held $vip
must on director addr del $vip/32 dev d0

# 4. Another host has it.
must address other o0 $vip/24
must lvsd
check "taken by another host: said so" says "$LOG" "$vip given up: $(mac other o0) answers for it"
check "taken by another host: left alone" not held $vip
check "taken by another host: that one answers" answered $vip other o0
check "lvsd ends well" stop "$DIRECTOR"
must on other addr del $vip/24 dev o0
must address other o0 $vip6/64
mode_service dr 6 >"$RULES"
must lvsd
check "IPv6, taken by another host: said so" says "$LOG" "$vip6 given up: $(mac other o0) answers for it"
check "IPv6, taken by another host: left alone" not held $vip6
check "lvsd ends well" stop "$DIRECTOR"
must on other addr del $vip6/64 dev o0
mode_service dr >"$RULES"

# 5. Another host takes it later.
must lvsd
check "nobody has it: taken" held $vip
must address other o0 $vip/24
must on other link set o0 address 02:00:00:00:00:07 # which it announces
check "another host takes it: said so" says "$LOG" "$vip given up: $(mac other o0) answers for it"
check "another host takes it: given up" not held $vip
check "lvsd ends well" stop "$DIRECTOR"
finish
