#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What lvsd makes of its interfaces: down and up, deleted and made again, another MTU, other addresses;
# and of a neighbour that is another from one moment to the next. It is never started again.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 =X= d0  192.0.2.1     |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80     |          |  nginx on 8080          |
#                       | 198.51.100.1 d1 =X bridge= s0                      |
#                       +----------------+          +-------------------------+
#
# With packet sockets, through a TUN, and with AF_XDP sockets, by one worker, as these wires have one queue.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"

must mode_build nat
must forwarding director
for name in rs1 rs2 rs3; do
	must web $name
done
mode_rules nat >"$RULES"
answers() {
	get nat '' --max-time 1 >"$HOSTS_WORK/answer"
}
# all_answer: each server, by three connections one after the other.
all_answer() {
	spread nat 3 >"$HOSTS_WORK/three" && even "$HOSTS_WORK/three" 3
}
# back WHAT COMMAND...: true again within five seconds, of a busy machine; the times are told at the end.
back() {
	local what=$1 start=${EPOCHREALTIME/./}
	shift
	in_time 5 "$@" || return
	echo "# $what: $(((${EPOCHREALTIME/./} - start) / 1000)) ms" >>"$HOSTS_WORK/times"
}
client_side() {
	wire client c0 director d0 && mode_client && stand director d0 1 1
}
server_side() {
	plug director d1 lan && stand director d1 2 1
}
# servers_mtu BYTES: that of the whole segment.
servers_mtu() {
	local name
	must on director link set d1 mtu "$1"
	for name in rs1 rs2 rs3; do
		must on $name link set s0 mtu "$1"
	done
}
# left: what lvsd made, as far as it is still there.
left() {
	at director nft list tables | grep lvs_
	on director addr | grep -w 192.0.2.80
	on director link | grep -E ' (lvs0|lvs-tun):| xdp'
}
held() {
	on director addr show dev d0 | grep -qw 192.0.2.80
}
descriptors() {
	memory VmRSS >/dev/null # which mounts it
	find "$HOSTS_WORK/proc/$DIRECTOR/fd" -mindepth 1 | wc -l
}

cases_of_addresses() { # ADAPTER
	local adapter=$1 name
	# 5. A shorter MTU toward the servers, then the old one.
	servers_mtu 1300
	check "$adapter: with a shorter MTU files are whole" large nat
	servers_mtu 1500
	check "$adapter: with the old one, too" large nat

	# 6. The director has another address there, and the servers another gateway.
	must on director addr del 198.51.100.1/24 dev d1
	must on director addr add 198.51.100.2/24 dev d1
	for name in rs1 rs2 rs3; do
		must on $name route replace default via 198.51.100.2
	done
	check "$adapter: with another address, they answer" back "the address" all_answer
	must on director addr del 198.51.100.2/24 dev d1
	must on director addr add 198.51.100.1/24 dev d1
	for name in rs1 rs2 rs3; do
		must on $name route replace default via 198.51.100.1
	done

	# 7. A server's interface is another: it says so, as hosts that take over do.
	must on rs1 link set s0 address 02:00:00:00:00:77
	at rs1 ping -q -c 1 -W 1 198.51.100.1 >"$HOSTS_WORK/ping" 2>&1
	check "$adapter: a server with another link-layer address answers" back "the neighbour" all_answer
}

cases() { # ADAPTER
	local adapter=$1 fds
	check "$adapter: the service answers" all_answer
	fds=$(descriptors)

	# 1. Down and up: it goes on.
	must on director link set d0 down
	[ "$adapter" != packet ] || check "a link that is down is told of" says "$LOG" 'interface d0 is down'
	sleep 0.5
	must on director link set d0 up
	check "$adapter: up again, the service answers" back up answers

	# 2. The client's side is deleted, and made again: as another interface, with nothing on it.
	must on director link del d0
	check "$adapter: an interface that is gone is told of" says "$LOG" 'interface d0 is gone'
	sleep 0.3
	must client_side
	check "$adapter: made again, the service's address is on it" back "its address" held
	check "$adapter: and the service answers" back "the service" answers

	# 3. The servers' side, at once.
	must on director link del d1
	must server_side
	check "$adapter: the servers' interface made again, they answer" back "the servers" all_answer

	# 4. Its name comes back by another way: renamed.
	must on director link set d1 down
	must on director link set d1 name elsewhere
	sleep 0.3
	must on director link set elsewhere name d1
	must on director link set d1 up
	check "$adapter: renamed there and back, they answer" back "the name" all_answer

	# The rest tests/e2e/xdp.sh has seen.
	[ "$adapter" = xdp ] || cases_of_addresses "$adapter"

	check "$adapter: lvsd runs" kill -0 "$STARTED"
	check "$adapter: it holds no descriptor more" equal "$(descriptors)" "$fds"
	check "$adapter: and tells its counters" tell
	if [ "$adapter" = packet ]; then
		check "interfaces that were deleted are counted" equal "$(adapter link_gone)" 2
		check "and those that were taken up" equal "$(adapter link_back)" 2
		check "and those that went down" more "$(adapter link_down)" 1
	fi
	if [ "$adapter" = xdp ]; then
		check "xdp: interfaces that were deleted or renamed are counted" equal "$(adapter link_gone)" 3
		check "xdp: and those that were taken up" equal "$(adapter link_back)" 3
	fi
	stop "$STARTED"
	check "$adapter: it ends" equal $? 0
	check "$adapter: and leaves nothing" equal "$(left)" ''
}

must director "$RULES" nat --workers 2 --log-level info
DIRECTOR=$STARTED
cases packet
adapter_is tun
must director "$RULES" nat --workers 2 --log-level info
DIRECTOR=$STARTED
cases tun
adapter_is xdp
if adapter_works >"$HOSTS_WORK/why" && director "$RULES" nat --log-level info; then
	DIRECTOR=$STARTED
	cases xdp
else
	echo "skip - xdp: $(tail -n 1 "$LOG")"
fi
cat "$HOSTS_WORK/times"
finish
