#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# GUE and GRE from lvsd to lvs-decap: real clients and servers, IPv4 and IPv6 inside and outside. The
# drawing is that of mode_tun.sh; the client's link takes 1400 bytes, so that all fits when wrapped.
#
#    client ==== router ==== rs1 .. rs3, lvs-decap --gue 6080 --gre
#                  |
#               director 203.0.113.2
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"

# rules FAMILY-OF-SERVICES FAMILY-OF-SERVERS: of the kind at hand. Where the client takes a port again
# whose connection the director saw one FIN of, it may lead to a server of the pair before.
rules() {
	local n vip
	echo 'set conn_reuse_mode 3'
	vip=$(mode_vip tun "$1")
	rule_service "$vip"
	for n in 1 2 3; do
		rule_dest "$vip" "$(mode_server tun $n "$2")" tun
	done
}

# in_force KIND-OPTION...: every family in every family, one pair after the other.
in_force() {
	tunnel_kind "$@"
	rules "$INNER" "$OUTER" >"$RULES" && reload
}

# packets NAME: packets and wrong ones that rs1 has got so far.
packets() {
	counted rs1 "$1"
}

case_spread() {
	spread tun 30 "$INNER" >"$HOSTS_WORK/answers" && even "$HOSTS_WORK/answers" 30
}

# only NAME: since MARK rs1 has got packets of that kind and family, and none of another.
only() {
	local name got
	for name in ipip4 ipip6 gue4 gue6 gre4 gre6; do
		got=$(($(packets $name) - ${MARK[$name]}))
		echo "$name: $got"
		if [ $name = "$1" ]; then [ $got -gt 20 ]; else [ $got -eq 0 ]; fi || return
	done
}

declare -A MARK
mark() {
	local name
	for name in ipip4 ipip6 gue4 gue6 gre4 gre6 unsummed; do
		MARK[$name]=$(packets $name)
	done
}

# summed KIND: UDP's checksum is there where it was asked for, and only there.
summed() {
	case $1 in
	gue) more $(($(packets unsummed) - MARK[unsummed])) 20 ;;
	*) equal $(($(packets unsummed) - MARK[unsummed])) 0 ;;
	esac
}

# pair NAME KIND OPTION...: one kind, INNER in OUTER.
pair() {
	local label="$1, IPv${INNER:-4} in IPv${OUTER:-4}" kind=$2${OUTER:-4}
	must in_force "${@:3}"
	mark
	check "$label: 30 requests, a third to each server" case_spread
	check "$label: 20 MB down and 10 MB up" large tun "$INNER"
	check "$label: rs1 got these packets alone" only "$kind"
	[ "$2" != gue ] || check "$label: UDP's checksum as asked for" summed "$1"
}

all_pairs() {
	local OUTER INNER
	for INNER in '' 6; do
		for OUTER in '' 6; do
			pair "$@"
		done
	done
}

count_kinds() {
	must count rs1 s0 ipip4 'ip protocol { 4, 41 }'
	must count rs1 s0 ipip6 'ip6 nexthdr { 4, 41 }'
	must count rs1 s0 gue4 'ip protocol udp udp dport 6080'
	must count rs1 s0 gue6 'ip6 nexthdr udp udp dport 6080'
	must count rs1 s0 gre4 'ip protocol gre'
	must count rs1 s0 gre6 'ip6 nexthdr gre'
	must count rs1 s0 unsummed 'udp dport 6080 udp checksum 0'
}

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

set_up() {
	local n
	# shellcheck disable=SC2034 # read by modes.sh, as is TUNNEL_RULE
	TUNNEL_END='--gue 6080 --gre'
	must mode_build tun
	for n in 1 2 3; do
		must web rs$n
	done
	# shellcheck disable=SC2034
	TUNNEL_RULE=''
	rules '' '' >"$RULES"
	must director "$RULES" tun
	DIRECTOR=$STARTED
	count_kinds
}

tear_down() {
	check "$1: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

# all NAME: packets that the servers have got so far.
all() {
	local n sum=0
	for n in 1 2 3; do
		sum=$((sum + $(counted rs$n "$1")))
	done
	echo $sum
}

came() { # NAME SINCE
	[ "$(all "$1")" -gt "$2" ]
}

# A download of some seconds, whose connection changes its kind of tunnel again and again.
case_edit() {
	local pid kind since
	at client curl -sS --max-time 20 -o "$HOSTS_WORK/slow.got" "$(mode_url tun)/slow/slow" &
	pid=$!
	sleep 0.3
	for kind in gue gre ipip gue; do
		since=$(all ${kind}4)
		echo "$kind: $since so far"
		case $kind in
		gue) in_force --tun-type gue --tun-port 6080 --tun-csum ;;
		*) in_force --tun-type $kind ;;
		esac && soon came ${kind}4 "$since" || return
	done
	kill -0 $pid && wait $pid && cmp "$HOSTS_WORK/slow" "$HOSTS_WORK/slow.got"
}

# The servers' side of the router takes less: the client learns what is left, by the error about the
# tunnel's packet, and an upload goes on.
case_pmtu() { # LEFT
	local before
	before=$(reasons reply_tunnel)
	uploaded "$HOSTS_WORK/two" "$(mode_url tun "$INNER")" || return
	more "$(reasons reply_tunnel)" "$before" &&
		equal "$(on client route get "$(mode_vip tun "$INNER")" | sed -n 's/.*mtu \([0-9]*\).*/\1/p')" "$1"
}

set_up
all_pairs gue gue --tun-type gue --tun-port 6080 --tun-nocsum
all_pairs gue-csum gue --tun-type gue --tun-port 6080 --tun-csum
all_pairs gue-remcsum gue --tun-type gue --tun-port 6080 --tun-remcsum
all_pairs gre gre --tun-type gre --tun-nocsum
all_pairs gre-csum gre --tun-type gre --tun-csum

head -c 1200K /dev/urandom >"$HOSTS_WORK/slow"
for n in 1 2 3; do
	ln -s "$HOSTS_WORK/slow" "$HOSTS_WORK/rs$n/files/"
	[ $n = 1 ] && continue
	must count rs$n s0 gue4 'ip protocol udp udp dport 6080'
	must count rs$n s0 gre4 'ip protocol gre'
	must count rs$n s0 ipip4 'ip protocol { 4, 41 }'
done
INNER='' OUTER=''
check "a download goes on while its tunnel becomes another kind" case_edit

head -c 2M /dev/urandom >"$HOSTS_WORK/two"
case_of_pmtu() { # FAMILY MTU SHIM KIND-OPTION...
	INNER=$1 OUTER=$1
	must on router link set r2 mtu "$2"
	must in_force "${@:4}"
	check "$5, IPv${INNER:-4} in IPv${OUTER:-4}: the client learns the path's MTU" \
		case_pmtu $(($2 - (INNER ? 40 : 20) - $3))
}

# Each less than what was learned before.
for INNER in 6 ''; do
	case_of_pmtu "$INNER" 1360 12 --tun-type gue --tun-port 6080 --tun-csum
	case_of_pmtu "$INNER" 1350 8 --tun-type gre --tun-csum
done
tear_down "adapter packet"

export LVSD_IO=tun:lvs-tun,
set_up
INNER='' OUTER='' pair "adapter tun, gue-csum" gue --tun-type gue --tun-port 6080 --tun-csum
INNER=6 OUTER=6 pair "adapter tun, gre-csum" gre --tun-type gre --tun-csum
INNER=6 OUTER='' pair "adapter tun, gue-remcsum" gue --tun-type gue --tun-port 6080 --tun-remcsum
tear_down "adapter tun"
finish
