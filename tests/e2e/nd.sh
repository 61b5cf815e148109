#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The service's address on its link, by IPv6: who answers solicitations, which groups are joined, what
# is announced, what another claimant does to it, and what a client does when another director takes over.
#
#    client ==+= director =+= rs1 .. rs3, which have the address on lo
#             |            |
#             += second   =+   the director that takes over
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
VIP=2001:db8:1::80
GROUP=ff02::1:ff00:80

must mode_build dr
must host second
must plug second d0 lan
must address second d0 192.0.2.2/24 2001:db8:1::2/64
for name in rs1 rs2 rs3; do
	must web $name
done
mode_rules dr 6 >"$RULES"
MAC=$(mac director d0) SECOND=$(mac second d0)

watch() {
	start client "$HOSTS_WORK/nd" python3 "$E2E/lib-nd.py" watch c0
	WATCH=$STARTED
	says "$HOSTS_WORK/nd" ready
}
# frames PATTERN: how many the client has seen of these.
frames() {
	grep -cE "^$1\$" "$HOSTS_WORK/nd"
}
seen() { # COUNT PATTERN
	[ "$(frames "$2")" -ge "$1" ]
}
member() { # HOST
	on "$1" maddr show dev d0 | grep -qw "$GROUP"
}
holds() { # HOST
	on "$1" addr show dev d0 | grep -qF " $VIP/128"
}
# The client's entry: link-layer address.
entry() {
	on client neigh show "$VIP" dev c0 | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'
}
entry_is() {
	equal "$(entry)" "$1"
}
believe() { # MAC: the client is sure of it, and does not ask.
	on client neigh replace "$VIP" lladdr "$1" dev c0 nud reachable
}
solicit() {
	at client python3 "$E2E/lib-nd.py" solicit c0 2001:db8:1::9 "$VIP" 3
}
told() { # WORD: by lvsd's log
	soon grep -q "$VIP.*$1" "$LOG"
}

# --- start ---
must watch
check "before: nobody answers" equal "$(solicit)" ''
check "before: the group is not joined" not member director
must director "$RULES" dr
DIRECTOR=$STARTED
check "the network was asked three times, from nobody, in the group's frames" \
	equal "$(frames "ns $MAC 33:33:ff:00:00:80 :: $GROUP $VIP -")" 3
check "the solicited-node group is joined" soon member director
check "... and the network was told" soon seen 1 "mld $MAC $GROUP"
check "announced: to all nodes, override, with the link-layer address, sum and hops right" \
	soon seen 3 "na $MAC 33:33:00:00:00:01 $VIP ff02::1 $VIP O MAC=$MAC"
check "... and not otherwise" equal "$(frames "na $MAC .* $VIP ff02::1 .*")" 3
answers=$(solicit)
check "three solicitations to the group: three answers, all the director's, solicited, override" \
	equal "$answers" "$(for _ in 1 2 3; do echo "$MAC SO MAC=$MAC"; done)"
check "the service answers" get dr 6

# --- on command ---
believe 02:00:00:00:00:aa
check "a client that believes in somebody else: the service does not answer" \
	not at client curl -sS --max-time 1 "$(mode_url dr 6)/"
check "... and it goes on believing" entry_is 02:00:00:00:00:aa
before=$(frames "na $MAC 33:33:00:00:00:01 .*")
kill -USR2 "$DIRECTOR"
check "SIGUSR2: announced" soon seen $((before + 1)) "na $MAC 33:33:00:00:00:01 .*"
check "the client believes it, however sure it was" in_time 1 entry_is "$MAC"
check "the service answers again" get dr 6
check "three times" soon seen $((before + 3)) "na $MAC 33:33:00:00:00:01 $VIP ff02::1 $VIP O MAC=$MAC"
must forwarding director
before=$(frames "na $MAC 33:33:00:00:00:01 .* RO .*")
kill -USR2 "$DIRECTOR"
check "a host that forwards says that it is a router, as its kernel does" \
	soon seen $((before + 1)) "na $MAC 33:33:00:00:00:01 $VIP ff02::1 $VIP RO MAC=$MAC"
check "... its kernel does" equal "$(solicit | sort -u)" "$MAC RSO MAC=$MAC"
must setting director ipv6/conf/all/forwarding 0

# --- a second director while the first is there ---
start second "$HOSTS_WORK/second.log" "$LVSD" --io packet:d0 --rules "$RULES"
second=$STARTED
check "a second one asks, and sees that the address is taken" \
	soon grep -q "$VIP.*another host's: given up" "$HOSTS_WORK/second.log"
check "... it does not take it" not holds second
check "... nor join the group" not member second
check "the first still has it" holds director
check "the second still asks at SIGHUP" kill -HUP "$second"
sleep 1.5
check "... in vain" not holds second
check "the client still gets to the first" entry_is "$MAC"

# --- take-over: the first host is gone from one moment to the next ---
sleep 2.2 # its announcements are over
believe "$MAC"
check "before the take-over the service answers" get dr 6
must on lan link set director down
check "the first host is gone" not at client curl -sS --max-time 1 "$(mode_url dr 6)/"
believe "$MAC"
kill -HUP "$second"
check "the second takes the address" soon holds second
check "the client, still sure of the first, believes the second at once" in_time 1 entry_is "$SECOND"
check "... and gets its answer by the first packet" \
	at client curl -sS --max-time 0.8 "$(mode_url dr 6)/"
check "the group is joined there" soon member second
check "solicitations are answered by the second alone" \
	equal "$(solicit | sort -u)" "$SECOND SO MAC=$SECOND"

# --- the first comes back and finds it taken ---
check "lvsd of the first ends well" stop "$DIRECTOR"
must on lan link set director up
must director "$RULES" dr
DIRECTOR=$STARTED
check "the first comes back, and sees that the address is taken" told "given up"
check "... it does not take it" not holds director
check "... the client stays with the second" entry_is "$SECOND"
check "... which answers" get dr 6
check "lvsd of the second ends well" stop "$second"
check "... its group is left" soon not member second
kill -HUP "$DIRECTOR"
check "the first has it again" soon holds director
check "the service answers again" soon get dr 6

# --- somebody else claims it ---
sleep 0.2
at rs1 python3 "$E2E/lib-nd.py" claim s0 "$VIP"
check "somebody else's advertisement: given up" told "given up"
check "... taken off" soon not holds director
check "... the group left" soon not member director
check "... the client heard the other" entry_is "$(mac rs1 s0)"
kill -HUP "$DIRECTOR"
check "at SIGHUP it is asked for again, and taken when nobody has it" soon holds director
check "the service answers again" soon get dr 6
check "lvsd ends well" stop "$DIRECTOR"
check "after: nobody has the address" equal "$(solicit)" ''
stop "$WATCH"
finish
