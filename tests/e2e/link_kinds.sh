#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsd on interfaces that are not network cards: a bridge toward the clients, a macvlan on top of another
# interface toward the servers, with jumbo frames there; marks by interface. Packet sockets with pinned workers, each
# for a processor, then a TUN.
#
#     netns client            netns director                          netns rs1, rs2, rs3
#    +-----------+           +-------------------------------+       +-------------------+
#    | 192.0.2.9 c0 ======= port                             |       |                   |
#    +-----------+           |   `- bridge br0  192.0.2.1    |       |                   |
#                            |      lvsd: .80                |       | 198.51.100.11 ... |
#                            |  mv1 (macvlan) 198.51.100.1   |       |                   |
#                            |   `- d1 ================= switch ==== s0                  |
#                            +-------------------------------+       +-------------------+
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"

build_hosts() {
	local n
	host client director && wire client c0 director port && mode_client &&
		on director link add br0 type bridge forward_delay 0 mcast_snooping 0 &&
		on director link set port master br0 && on director link set br0 up &&
		stand director br0 1 1 || return
	switch lan && plug director d1 lan && on director link set d1 mtu 9000 &&
		on lan link set director mtu 9000 || return
	for n in 1 2 3; do
		host rs$n && plug rs$n s0 lan && on rs$n link set s0 mtu 9000 &&
			on lan link set rs$n mtu 9000 && stand rs$n s0 2 1$n && lead rs$n 2 1 || return
	done
}
must build_hosts
on director link add mv1 link d1 type macvlan mode bridge 2>"$HOSTS_WORK/macvlan" ||
	skip "no macvlan: $(cat "$HOSTS_WORK/macvlan")"
must on director link set mv1 mtu 9000 up
must stand director mv1 2 1
must forwarding director
for name in rs1 rs2 rs3; do
	must web $name
done
vip=$(mode_vip nat) url=http://$(mode_vip nat):81
{
	mode_rules nat
	echo "mark 0 dst $vip proto tcp port 82"
	echo "mark 7 dst $vip proto tcp port 81-83"
	echo "-A -f 7 -s rr"
	for n in 1 2 3; do
		echo "-a -f 7 -r $(mode_server nat $n):8080 -m"
	done
} >"$RULES"
marked() {
	at client curl -sS --no-progress-meter --max-time 10 -H 'Connection: close' "$url/[1-6]" >"$HOSTS_WORK/marked" &&
		equal "$(cut -d' ' -f1 "$HOSTS_WORK/marked" | sort | uniq -c | tr -s ' \n' ' ')" ' 2 rs1 2 rs2 2 rs3 '
}
refused() {
	at client curl -sS --max-time 5 "http://$vip:82/" 2>&1 | grep 'Failed to connect'
}
spread_evenly() {
	spread nat 9 >"$HOSTS_WORK/nine" && even "$HOSTS_WORK/nine" 9
}

cases() { # ADAPTER
	check "$1: connections are spread" spread_evenly
	check "$1: files are whole" large nat
	check "$1: a service of a mark, at another port" marked
	check "$1: what the first line says is no service's is the host's" refused
	check "$1: lvsd tells its counters" tell
	check "$1: nothing was lost" clean_counters
	stop "$DIRECTOR"
	check "$1: it ends" equal $? 0
}

# By packet sockets the interface can be asked for, too.
sed -i 's/^\(mark 7 .*\)$/\1 in br0/' "$RULES"
start director "$LOG" "$LVSD" --io packet:br0,mv1 --rules "$RULES" --workers 2 --pin --spread cpu
DIRECTOR=$STARTED
must says "$LOG" 'lvsd: ready'
cases packet

start director "$HOSTS_WORK/refused.log" "$LVSD" --io tun:lvs-tun,br0,mv1 --rules "$RULES"
check "tun: a mark by interface is refused" says "$HOSTS_WORK/refused.log" \
	'expected behind in an interface at which --io tun shows packets, got "br0"'
stop "$STARTED"
sed -i 's/ in br0$//' "$RULES"
start director "$LOG" "$LVSD" --io tun:lvs-tun,br0,mv1 --rules "$RULES" --workers 2
DIRECTOR=$STARTED
must says "$LOG" 'lvsd: ready'
cases tun
finish
