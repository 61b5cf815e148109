#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# More than lvsd can take: bursts of ten times what its queues hold while it does not run, datagrams to
# a neighbour that does not answer, and a way out that is too narrow. Each loss is counted, nothing is
# kept, and the rest flows on. With packet sockets, then through a TUN.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 === d0  lvsd: .80   d1 =bridge= s0  nginx on 8080,        |
#    +-----------+      +----------------+          |    a sink on 9          |
#                                                   +-------------------------+
#
# The service's UDP port 9 is the sinks', port 10 that of a server that is not there.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
FLOOD=$(dirname "$0")/lib-flood.py

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
	start $name "$HOSTS_WORK/sink-$name.log" python3 "$FLOOD" sink 9
	must says "$HOSTS_WORK/sink-$name.log" ready
done
vip=$(mode_vip nat)
{
	mode_rules nat
	echo "-A -u $vip:9 -s rr"
	for n in 1 2 3; do
		echo "-a -u $vip:9 -r $(mode_server nat $n):9 -m"
	done
	echo "-A -u $vip:10 -s rr"
	echo "-a -u $vip:10 -r 198.51.100.99:10 -m"
} >"$RULES"
answers() {
	get nat --max-time 1 >"$HOSTS_WORK/answer"
}
flood() { # PORT NUMBER
	at client python3 "$FLOOD" flood "$vip" "$1" "$2"
}
# came: packets that the adapter has seen, lost ones too.
came() {
	tell || return
	echo $(($(adapter rx) + $(adapter rx_lost)))
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
# burst NUMBER: that many while lvsd is held; then all have come or are counted as lost.
burst() {
	local before after
	settled && before=$(came) || return
	kill -STOP "$DIRECTOR" && flood 9 "$1"
	kill -CONT "$DIRECTOR"
	soon answers && settled && after=$(came) || return
	# Neighbours and the request have their packets, too.
	near $((after - before)) "$1" 200
}
given_up() {
	echo $(($(adapter wait_lost) + $(adapter unreachable)))
}
narrow() {
	at director tc qdisc add dev d1 root tbf rate 1mbit burst 4kb limit 20kb
}

cases() { # ADAPTER BURST
	local adapter=$1 before size
	check "$adapter: the service answers" soon answers
	check "$adapter: of a burst all have come or are counted" burst "$2"
	check "$adapter: some were lost" more "$(adapter rx_lost)" 0
	size=$(memory VmRSS)
	check "$adapter: of another, too" burst "$2"
	check "$adapter: and nothing is kept of it" near "$(memory VmRSS)" "$size" 4096

	# A neighbour that does not answer. Through a TUN it is the host who waits for it.
	must tell
	before=$(given_up)
	must flood 10 5000
	check "$adapter: the others are served meanwhile" answers
	if [ "$adapter" = packet ]; then
		sleep 4
		check "the service answers" answers
		must tell
		check "many waited" more "$(adapter waited)" 1000
		check "each of them was lost, and counted" near "$(($(given_up) - before))" 5000 20
	fi

	# A way out that is too narrow: its queue is full, which the system says, or drops by itself.
	if narrow 2>"$HOSTS_WORK/tc"; then
		must tell
		before=$(adapter tx_full)
		must flood 9 5000
		must settled
		[ "$adapter" = tun ] || check "what the link's queue did not take is counted" \
			more "$(adapter tx_full)" "$((before + 1000))"
		must at director tc qdisc del dev d1 root
	else
		echo "skip - $adapter: a narrow way out: $(head -1 "$HOSTS_WORK/tc")"
	fi
	check "$adapter: then the service answers" soon answers
	check "$adapter: lvsd runs" kill -0 "$DIRECTOR"
	stop "$DIRECTOR"
	check "$adapter: it ends" equal $? 0
}

must director "$RULES" nat
DIRECTOR=$STARTED
cases packet 200000
adapter_is tun
must director "$RULES" nat
DIRECTOR=$STARTED
cases tun 20000
finish
