#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Traffic taken away from a host that forwards: behind the taps, and nothing else.
#
#     netns c: client              netns d: host_tool, forwarding          netns s: server
#    +-----------------+          +-------------------------------+        +------------------+
#    | c0 10.1.0.2     |= veth ===| d0 10.1.0.1       10.2.0.1 d1 |= veth =| s0 10.2.0.2      |
#    |    fd01::2      |          |    fd01::1        fd02::1     |        |    fd02::2       |
#    +-----------------+          |    10.1.0.80 (service)        |        +------------------+
#                                 |  tap: an AF_PACKET socket     |
#                                 +-------------------------------+
#
# Rules: to 10.1.0.80 port 80 (TCP, UDP); from 10.2.0.2 port 80 (TCP, UDP); the same by IPv6.
#
set -u
build=${1:?usage: host_capture.sh BUILD-DIRECTORY}
# shellcheck source=tests/e2e/lib-host.sh
. "$(dirname "$0")/lib-host.sh"
c='' d='' s=''
space c
space d
space s
ip link add d0 netns "$d" type veth peer name c0 netns "$c" || skip "there is no veth"
ip link add d1 netns "$d" type veth peer name s0 netns "$s" || skip "there is no veth"
ip -n "$d" addr add 10.1.0.1/24 dev d0
ip -n "$d" addr add 10.1.0.80/32 dev d0
ip -n "$d" addr add 10.2.0.1/24 dev d1
ip -n "$d" addr add fd01::1/64 dev d0 nodad
ip -n "$d" addr add fd01::80/128 dev d0 nodad
ip -n "$d" addr add fd02::1/64 dev d1 nodad
ip -n "$c" addr add 10.1.0.2/24 dev c0
ip -n "$c" addr add fd01::2/64 dev c0 nodad
ip -n "$s" addr add 10.2.0.2/24 dev s0
ip -n "$s" addr add fd02::2/64 dev s0 nodad
for end in d0 d1; do ip -n "$d" link set $end up; done
ip -n "$c" link set c0 up
ip -n "$s" link set s0 up
ip -n "$c" route add default via 10.1.0.1
ip -n "$c" route add default via fd01::1
ip -n "$s" route add default via 10.2.0.1
ip -n "$s" route add default via fd02::1
run_in "$d" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'

# send SPACE FROM PORT TO PORT [BYTES]: one datagram.
send() { run_in "$1" python3 "$lib" send "${@:2}"; }
# hears MILLISECONDS SPACE ADDRESS PORT COMMAND...: 0 when a datagram arrives there so soon after the
# command, 1 when none does; 2 when nobody listened, or the command failed.
hears() {
	local listener status=1
	rm -f "$work/got"
	ip netns exec "$2" python3 "$lib" receive "$3" "$4" >"$work/got" &
	listener=$!
	if ! within 20000 grep -q ready "$work/got" || ! "${@:5}"; then
		echo "# nobody listened, or nobody spoke"
		status=2
	elif within "$1" grep -q came "$work/got"; then
		status=0
	fi
	kill "$listener" 2>/dev/null
	wait "$listener" 2>/dev/null
	return $status
}
arrives() { hears 5000 "$@"; }
stays_away() {
	hears 700 "$@"
	[ $? -eq 1 ]
}

check "before: the host forwards a reply" arrives "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 80 10.1.0.2 4000
: >"$work/events"
check "a host" start_tool "$d" "$name"
ask at d0 d1 >/dev/null
for protocol in 6 17; do
	for addr in 10.1.0.80 fd01::80; do ask rule to $protocol $addr 80 >/dev/null; done
	for addr in 10.2.0.2 fd02::2; do ask rule from $protocol $addr 80 >/dev/null; done
done
check "capture" answers "capture 0" capture

# What a reply may not do, and what all else may.
stays() {
	check "$1: the host does not forward a reply" \
		stays_away "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 80 10.1.0.2 4000
	check "$1: ... IPv6" stays_away "$c" fd01::2 4000 send "$s" fd02::2 80 fd01::2 4000
}
start_tap "$d"
stays "captured"
check "the host does not get a request" stays_away "$d" 10.1.0.80 80 send "$c" 10.1.0.2 4000 10.1.0.80 80
check "... IPv6" stays_away "$d" fd01::80 80 send "$c" fd01::2 4000 fd01::80 80
sleep 0.3
stop_tap
seen() { grep -qx -- "udp $1" "$work/tap"; }
check "the tap saw the reply" seen "10.2.0.2 80 10.1.0.2 4000"
check "the tap saw the reply, IPv6" seen "fd02::2 80 fd01::2 4000"
check "the tap saw the request" seen "10.1.0.2 4000 10.1.0.80 80"
check "the tap saw the request, IPv6" seen "fd01::2 4000 fd01::80 80"

check "another port of the server's is forwarded" \
	arrives "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 81 10.1.0.2 4000
check "... IPv6" arrives "$c" fd01::2 4000 send "$s" fd02::2 81 fd01::2 4000
check "a client's own way to the server, too" \
	arrives "$s" 10.2.0.2 90 send "$c" 10.1.0.2 80 10.2.0.2 90
check "the server to somebody's port 80" \
	arrives "$c" 10.1.0.2 80 send "$s" 10.2.0.2 4000 10.1.0.2 80
check "another port of the service address" \
	arrives "$d" 10.1.0.80 81 send "$c" 10.1.0.2 4000 10.1.0.80 81
check "ping through the host" run_in "$c" ping -qc 1 -W 2 10.2.0.2
check "ping through the host, IPv6" run_in "$c" ping -qc 1 -W 2 fd02::2
check "fragments to the service address are captured, whatever the port" \
	stays_away "$d" 10.1.0.80 81 send "$c" 10.1.0.2 4000 10.1.0.80 81 5000
check "... IPv6" stays_away "$d" fd01::80 81 send "$c" fd01::2 4000 fd01::80 81 5000
check "fragments of another protocol are the host's" run_in "$c" ping -qc 1 -W 2 -s 4000 10.1.0.80
check "... IPv6" run_in "$c" ping -qc 1 -W 2 -s 4000 fd01::80
check "fragments to another address are the host's" \
	arrives "$d" 10.1.0.1 80 send "$c" 10.1.0.2 4000 10.1.0.1 80 5000
check "... IPv6" arrives "$d" fd01::1 80 send "$c" fd01::2 4000 fd01::1 80 5000
check "fragments from the server are captured, whatever the port" \
	stays_away "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 81 10.1.0.2 4000 5000
check "... IPv6" stays_away "$c" fd01::2 4000 send "$s" fd02::2 81 fd01::2 4000 5000
check "a client's fragments to the server are forwarded" \
	arrives "$s" 10.2.0.2 90 send "$c" 10.1.0.2 4000 10.2.0.2 90 5000
check "... IPv6" arrives "$s" fd02::2 90 send "$c" fd01::2 4000 fd02::2 90 5000

# Errors about what went to the server, whoever sends them; about others' packets not. The client
# asks the server directly, so nothing but the filter is between them.
told() { # SPACE ADDRESS PORT: whether an error comes of a datagram sent there
	[ "$(run_in "$1" python3 "$icmp" "$2" "$3" 64 | cut -d ' ' -f 3)" = "$2" ]
}
icmp=$(dirname "$0")/lib-icmp.py
check "errors about what went to the server are captured" not told "$c" 10.2.0.2 33434
check "... IPv6" not told "$c" fd02::2 33434
check "another host's are not" told "$s" 10.1.0.2 33434
check "... IPv6" told "$s" fd01::2 33434

# Rules change, in one transaction, while the rest stays in force.
ask rule from 17 10.2.0.2 82 >/dev/null
check "another rule" answers "capture 0" capture
check "it is in force" stays_away "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 82 10.1.0.2 4000
stays "as before"
run_in "$d" nft flush ruleset
check "the same rules, after somebody has emptied nftables" answers "capture 0" capture
stays "they are in force again"
ask norules >/dev/null
ask rule from 17 10.2.0.2 80 >/dev/null
ask rule from 0 fd02::2 0 >/dev/null
ask rule to 17 10.1.0.80 high >/dev/null
ask rule to 17 fd01::80 high >/dev/null
check "fewer rules" answers "capture 0" capture
stays "fewer"
check "what was removed is forwarded" \
	arrives "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 82 10.1.0.2 4000
check "every port" stays_away "$c" fd01::2 4000 send "$s" fd02::2 83 fd01::2 4000
check "high ports" stays_away "$d" 10.1.0.80 1024 send "$c" 10.1.0.2 4000 10.1.0.80 1024
check "... IPv6" stays_away "$d" fd01::80 65535 send "$c" fd01::2 4000 fd01::80 65535
check "no others" arrives "$d" 10.1.0.80 1023 send "$c" 10.1.0.2 4000 10.1.0.80 1023
check "... IPv6" arrives "$d" fd01::80 1023 send "$c" fd01::2 4000 fd01::80 1023

# A tag that names a VLAN is left to that VLAN's interface; number 0 only tells a priority. What
# is left to the host is counted behind our chain.
run_in "$d" nft -f - <<-'X'
	table netdev behind {
		chain count {
			type filter hook ingress device "d1" priority 0
			@nh,72,8 17 @th,0,16 80 counter
		}
	}
X
counted() { run_in "$d" nft list chain netdev behind count | grep -q "counter packets $1 "; }
tagged() { # the tag's number
	run_in "$s" python3 "$lib" tagged s0 "$(mac_of "$d" d1)" "$1" 10.2.0.2 80 10.1.0.2 4000
}
tagged 0
tagged 0
check "a reply with a priority tag is captured" counted 0
tagged 5
check "a reply of a VLAN is left to its interface" within 1000 counted 1
run_in "$d" nft delete table netdev behind

# The lines for a shell make the same table.
ask print "$work/lines" >/dev/null
run_in "$d" nft list table netdev "lvs_$name" | sed 's/lvs_[a-z0-9]*/lvs_X/; s/ingress[0-9]*/ingressN/' \
	>"$work/table"
p=''
space p
ip -n "$p" link add d0 type veth peer name d1
run_in "$p" sh -e "$work/lines" || failed=1
run_in "$p" nft list table netdev "lvs_$name" | sed 's/lvs_[a-z0-9]*/lvs_X/; s/ingress[0-9]*/ingressN/' \
	>"$work/table-by-hand"
check "the lines for a shell make the same table" diff "$work/table" "$work/table-by-hand"
run_in "$d" nft list ruleset >"$work/ruleset"
q=''
space q
ip -n "$q" link add d0 type veth peer name d1
check "nft reads what it lists" run_in "$q" nft -f "$work/ruleset"

# An interface that goes takes its chain along; it gets one when it comes again.
ip -n "$d" link del d1
ip link add d1 netns "$d" type veth peer name s0 netns "$s"
ip -n "$d" addr add 10.2.0.1/24 dev d1
ip -n "$d" addr add fd02::1/64 dev d1 nodad
ip -n "$s" addr add 10.2.0.2/24 dev s0
ip -n "$s" addr add fd02::2/64 dev s0 nodad
ip -n "$d" link set d1 up
ip -n "$s" link set s0 up
ip -n "$s" route add default via 10.2.0.1
ip -n "$s" route add default via fd02::1
hooked() { run_in "$d" nft list table netdev "lvs_$name" | grep -q '"d1"'; }
check "a new interface is taken up" within 1000 hooked
stays "the interface is another"

# A crash: its table holds until the next instance's replaces it.
kill_tool
stays "after a crash"
check "the next instance" start_tool "$d" "$name"
stays "it has begun, without rules yet"
ask at d0 d1 >/dev/null
ask rule from 17 10.2.0.2 80 >/dev/null
ask rule from 17 fd02::2 80 >/dev/null
check "its rules" answers "capture 0" capture
stays "its rules are in force"
check "the former ones are not" arrives "$c" fd01::2 4000 send "$s" fd02::2 83 fd01::2 4000
kill_tool
check "after a second crash" start_tool "$d" "$name"
check "it ends without having set any" stop_tool
check "no table is left" not run_in "$d" nft list table netdev "lvs_$name"
check "after: the host forwards a reply" \
	arrives "$c" 10.1.0.2 4000 send "$s" 10.2.0.2 80 10.1.0.2 4000
finish
