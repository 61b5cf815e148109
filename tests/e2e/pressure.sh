#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# More than lvsd can take: bursts of ten times what its queues hold while it does not run, floods while it
# does, datagrams to a neighbour that does not answer, a way out that is too narrow, and one that is gone. Each
# loss is counted, nothing is kept, and the rest flows on. Each adapter, by each method.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 === d0  lvsd: .80   d1 =bridge= s0  nginx on 8080,        |     NAT; DR and tunnels as
#    +-----------+      +----------------+          |    a sink on 9          |     in mode_dr.sh, mode_tun.sh
#                                                   +-------------------------+
#
# The service's UDP port 9 is the sinks', port 10 that of a server that is not there.
#
#    pressure.sh BUILD-DIRECTORY [- CASE]      all at once, when none is named
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
. "$(dirname "$0")/lib-loss.sh"
CASES=(nat-packet nat-tun nat-xdp dr-packet dr-xdp tun-packet tun-tun tun-xdp)
[ -n "${3:-}" ] || at_once "$0" "${1:?usage: pressure.sh BUILD-DIRECTORY [- CASE]}" - "${CASES[@]}"
begin "$@"
FLOOD=$(dirname "$0")/lib-flood.py MODE=${3%-*} ADAPTER=${3#*-} NAME=$3
adapter_is "$ADAPTER"
why=$(adapter_works) || { echo "skip - $NAME: $why" && exit 0; }

# datagrams FAMILY PORT SERVER-NUMBER...: a service of UDP, whose servers have its port.
datagrams() {
	local flag=-g vip server
	vip=$(bracket "$(mode_vip "$MODE" "$1")")
	case $MODE in
	nat) flag=-m ;;
	tun) flag=-i ;;
	esac
	echo "-A -u $vip:$2 -s rr"
	for server in "${@:3}"; do
		echo "-a -u $vip:$2 -r $(bracket "$(mode_server "$MODE" "$server" "$1")"):$2 $flag"
	done
}
set_up() {
	local name family
	must mode_build "$MODE"
	for name in rs1 rs2 rs3; do
		must web $name
		start $name "$HOSTS_WORK/sink-$name.log" python3 "$FLOOD" sink 9
		must says "$HOSTS_WORK/sink-$name.log" ready
	done
	for family in '' 6; do
		mode_rules "$MODE" $family
		datagrams "$family" 9 1 2 3
		datagrams "$family" 10 99
	done >"$RULES"
}
lvsd() { # INTERFACES
	balance director "$1" "$RULES"
	must balanced director
	DIRECTOR=$STARTED
}
answers() { # [6]
	get "$MODE" "${1:-}" --max-time 1 >"$HOSTS_WORK/answer"
}
flood() { # PORT NUMBER [6]
	at client python3 "$FLOOD" flood "$(mode_vip "$MODE" "${3:-}")" "$1" "$2"
}
# came: packets that have come as far as the adapter. What comes to an XDP program first finds a queue of the
# link's, which holds 256 and counts what it loses itself.
came() {
	tell || return
	[ "$ADAPTER" = xdp ] || { echo $(($(adapter rx) + $(adapter rx_lost))) && return; }
	echo $(($(adapter rx) + $(adapter rx_lost) + $(dropped_by_link)))
}
dropped_by_link() {
	at client cat /proc/net/dev | awk '/ c0:/ { print $13 }'
}
# settled: what came has been dealt with.
settled() {
	local before=-1 now
	for _ in {1..50}; do
		now=$(came)
		[ "$now" != "$before" ] || return 0
		before=$now
		sleep 0.2
	done
	return 1
}
# burst NUMBER [6]: that many while lvsd is held; then all have come or are counted as lost.
burst() {
	local before after
	settled && before=$(came) || return
	kill -STOP "$DIRECTOR" && flood 9 "$1" "${2:-}"
	kill -CONT "$DIRECTOR"
	soon answers "${2:-}" && settled && after=$(came) || return
	# Neighbours and the request have their packets, too.
	near $((after - before)) "$1" 200
}
# served_meanwhile NUMBER: the service answers while so many come, and lvsd runs.
served_meanwhile() {
	local pid status
	flood 9 "$1" &
	pid=$!
	in_time 10 answers
	status=$?
	wait $pid && return $status
}
given_up() {
	echo $(($(adapter wait_lost) + $(adapter unreachable)))
}

# A neighbour that does not answer. Through a TUN it is the host who waits for it, by a tunnel a router.
case_waiting() {
	local before rx
	must settled
	before=$(given_up) rx=$(adapter rx)
	must flood 10 2500
	must flood 10 2500 6
	check "$NAME: the others are served meanwhile" answers
	check "$NAME: by IPv6, too" answers 6
	[ "$ADAPTER" != tun ] && [ "$MODE" != tun ] || return
	sleep 3.5
	must tell
	check "$NAME: many waited" more "$(adapter waited)" 500
	rx=$(($(adapter rx) - rx))
	check "$NAME: many have come" more $rx 500
	check "$NAME: each of them was lost, and counted" near "$(($(given_up) - before))" $rx 40
}

narrow() {
	at director tc qdisc add dev "$1" root tbf rate 1mbit burst 4kb limit 20kb
}
# What a narrow way's queue has dropped.
narrow_dropped() {
	at director tc -s qdisc show dev "$1" | sed -n 's/.*dropped \([0-9]*\),.*/\1/p'
}

# A way out that is too narrow: its queue is full, which the system says, or drops by itself.
case_narrow() { # INTERFACE
	local before queue
	if ! narrow "$1" 2>"$HOSTS_WORK/tc"; then
		echo "skip - $NAME: a narrow way out: $(head -1 "$HOSTS_WORK/tc")"
		return
	fi
	must tell
	before=$(adapter tx_full)
	must flood 9 5000
	must settled
	queue=$(narrow_dropped "$1")
	check "$NAME: the link's queue dropped many" more "$queue" 1000
	# The one at which a batch of messages ends is sent once more.
	[ "$ADAPTER" = tun ] || check "$NAME: and each is counted" near $(($(adapter tx_full) - before)) "$queue" 150
	must at director tc qdisc del dev "$1" root
}

# The way out goes while packets come, and comes again.
case_down() { # INTERFACE
	must on director link set "$1" down
	check "$NAME: packets without a way do not stop it" flood 9 2000
	must on director link set "$1" up
	must settled
}

ends() {
	must tell
	check "$NAME: each packet that came has a reason" all_accounted
	check "$NAME: each one that was to be sent was, or is counted as lost" all_sent
	check "$NAME: lvsd finds itself sound" sound
	stop "$DIRECTOR"
	check "$NAME: it ends" equal $? 0
}

# Ten times what the queues hold: 8192 frames of packet sockets, 2048 packets of a TUN, as many of AF_XDP.
case $ADAPTER in
packet) BURST=82000 ;;
*) BURST=20500 ;;
esac

set_up
lvsd "$(mode_interfaces "$MODE")"
check "$NAME: the service answers" soon answers
check "$NAME: of a burst all have come or are counted" burst $BURST
check "$NAME: some were lost" more "$(adapter rx_lost)" 0
SIZE=$(memory VmRSS)
check "$NAME: IPv6 answers" soon answers 6
check "$NAME: of a burst by IPv6, too" burst $BURST 6
check "$NAME: and nothing is kept of it" near "$(memory VmRSS)" "$SIZE" 4096
check "$NAME: while a flood comes the service answers" served_meanwhile 20000
case_waiting
if [ "$MODE" = nat ]; then
	[ "$ADAPTER" = xdp ] || case_narrow d1
	case_down d1
elif [ "$ADAPTER" != xdp ]; then
	case_narrow d0
fi
check "$NAME: then the service answers" soon answers
check "$NAME: lvsd runs" kill -0 "$DIRECTOR"
ends

# AF_XDP goes past a link's queue. By an interface that has no program the packets take it.
if [ "$MODE-$ADAPTER" = nat-xdp ]; then
	lvsd d0
	must flood 9 100
	case_narrow d1
	ends
fi
finish
