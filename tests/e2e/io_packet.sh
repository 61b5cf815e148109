#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The adapter "packet" between a client's and a server's own stack. io_packet decides by hand:
# to the service address from the client: on to the server (port 8080: the host's own); from it: back.
#
#     netns c                netns d: director                        netns s
#    +---------+          +---------------------------------+          +-----------------+
#    | client  |          | io_packet  (rx, tx, wait, TUN)  |          | server          |
#    | 10.9.1.2|          |   |           10.9.9.9:8080     |          | 10.9.9.9        |
#    |      c0 |== veth ==| d0  10.9.1.1        10.9.2.1 d1 |== veth ==| s0  10.9.2.2    |
#    +---------+          | nft drops 10.9.9.9 from d0      |          | unwraps IPIP    |
#                         +---------------------------------+          +-----------------+
#
# Offloads stay on: what a stack sends into a veth are super-packets without checksums.
set -u
build=${1:?usage: io_packet.sh BUILD-DIRECTORY}
program=$build/tests/e2e/io_packet
vip=10.9.9.9
vip6=fd09:9::9
bytes=40000000

skip() { echo "$*"; exit 77; }
[ -x "$program" ] || skip "io_packet is not built"
for need in python3 nft ethtool ping tcpdump; do
	PATH=$PATH:/usr/sbin command -v "$need" >/dev/null || skip "$need is missing"
done
PATH=$PATH:/usr/sbin
[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
# shellcheck source=examples/demo.d/hosts.sh
. "$(dirname "$0")/../../examples/demo.d/hosts.sh"
hosts_watch "$0" "$@"
hosts_enter "$0" "$@" || skip "cannot make network namespaces"
c=lvs-io-c d=lvs-io-d s=lvs-io-s work=$HOSTS_WORK
pids=()
failed=0

clean() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
}
trap clean EXIT
trap 'exec 2>/dev/null; exit 143' TERM
in_c() { ip netns exec "$c" "$@"; }
in_d() { ip netns exec "$d" "$@"; }
in_s() { ip netns exec "$s" "$@"; }

# check NAME COMMAND...
check() {
	local name=$1
	shift
	if "$@"; then echo "ok - $name"; else echo "not ok - $name ($*)" && failed=1; fi
}

wait_for() {
	for _ in $(seq 100); do
		grep -q -- "$2" "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	echo "$1 does not say \"$2\":" && cat "$1"
	return 1
}

ip netns add "$c" && ip netns add "$d" && ip netns add "$s" || skip "cannot make network namespaces"
ip link add c0 netns "$c" type veth peer name d0 netns "$d" || skip "there is no veth"
ip link add d1 netns "$d" type veth peer name s0 netns "$s"
for name in $c $d $s; do
	ip -n "$name" link set lo up
	# No IPv6: what nobody asked for would be counted.
	ip netns exec "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
ip -n "$c" addr add 10.9.1.2/24 dev c0 && ip -n "$c" link set c0 up
ip -n "$d" addr add 10.9.1.1/24 dev d0 && ip -n "$d" link set d0 up
ip -n "$d" addr add 10.9.2.1/24 dev d1 && ip -n "$d" link set d1 up
ip -n "$s" addr add 10.9.2.2/24 dev s0 && ip -n "$s" link set s0 up
ip -n "$d" addr add $vip/32 dev lo
ip -n "$s" addr add $vip/32 dev lo
ip -n "$c" route add $vip via 10.9.1.1 mtu 1400
ip -n "$s" route add 10.9.1.0/24 via 10.9.2.1
# Neighbours are asked for in the name of the link's address, not of the service's, which the other
# end would not answer: it has it, too.
for name in $d $s; do ip netns exec "$name" sysctl -qw net.ipv4.conf.all.arp_announce=2; done
# The strict filter everywhere: the TUN has to get by with it.
in_d sysctl -qw net.ipv4.conf.all.rp_filter=1
in_d nft -f - <<RULES || skip "there is no nft netdev table"
table netdev test {
	chain d0 {
		type filter hook ingress device d0 priority 0
		ip daddr $vip drop
	}
}
RULES
mac() { ip -n "$1" -o link show "$2" | sed -E 's/.*link\/ether ([0-9a-f:]+).*/\1/'; }

echo=$(dirname "$0")/lib-echo.py
head -c $bytes /dev/urandom >"$work/data"
serve() { # NAMESPACE ADDRESS PORT
	ip netns exec "$1" python3 "$echo" serve "$2" "$3" >"$work/serve.$1.$2" 2>&1 &
	pids+=($!)
	wait_for "$work/serve.$1.$2" ready
}
serve "$s" $vip 80 && serve "$d" $vip 8080 || exit 1

start() { # MODE [WORKERS]
	rm -f "$work/report"
	ip netns exec "$d" "$program" "$1" d0 "$(mac "$c" c0)" d1 "$(mac "$s" s0)" "${2:-1}" \
		>"$work/report" 2>&1 &
	pid=$!
	pids+=("$pid")
	wait_for "$work/report" ready
}
stop() {
	kill -TERM "$pid"
	wait "$pid"
	local status=$?
	[ $status -eq 0 ] || cat "$work/report"
	return $status
}
counter() { awk -v name="$1" '$1 == name { print $2 }' "$work/report"; }
holds() { # COUNTER TEST NUMBER
	test "$(counter "$1")" "$2" "$3" || { cat "$work/report"; return 1; }
}
no_checksum_errors() {
	local name
	for name in $c $d $s; do
		ip netns exec "$name" nstat -asz TcpInCsumErrors IpInHdrErrors UdpInCsumErrors Udp6InCsumErrors |
			awk '!/^#/ && $2 > 0 { print; bad = 1 } END { exit bad }' || return 1
	done
}
send() { in_c timeout 60 python3 "$echo" send "${2:-$vip}" "$1" "$work/data"; }
blast() { # ADDRESS: super-packets of UDP; holds when every datagram comes.
	local counter
	ip netns exec "$s" python3 "$echo" count "$1" 53 >"$work/count" 2>&1 &
	counter=$!
	wait_for "$work/count" ready
	in_c python3 "$echo" blast "$1" 53 50
	wait $counter
	grep -qx "count 2000" "$work/count" || { cat "$work/count"; return 1; }
}

# 1. Each packet comes in once and leaves once: an own transmission that came back would count.
start forward || exit 1
in_c ping -q -c 10 -i 0.05 -W 2 $vip >"$work/ping"
check "no reply is lost or doubled" grep -q "10 packets transmitted, 10 received, 0%" "$work/ping"
check "the forwarder ends" stop
check "10 requests and 10 replies came in, nothing else" holds rx -eq 20
check "they left once each" holds tx -eq 20
check "the first waited for their neighbours" holds waited -gt 1
check "none was lost waiting" holds wait_lost -eq 0

# 2. Super-packets, from veth to veth, whole.
start forward || exit 1
ip netns exec "$s" tcpdump -i s0 -w "$work/s0.pcap" -c 20 --immediate-mode 'greater 3000 and tcp dst port 80' \
	>/dev/null 2>"$work/tcpdump" &
pids+=($!)
wait_for "$work/tcpdump" "listening on"
check "$bytes bytes by super-packets" send 80
check "the forwarder ends" stop
check "super-packets came in" holds longest -gt 20000
check "they left whole, one for one" holds tx -eq "$(counter rx)"
check "the server's interface saw them whole" test -s "$work/s0.pcap"
check "nothing was lost" holds tx_failed -eq 0
check "no checksum was wrong" no_checksum_errors

# 3. The same where the way out has no offloads: the kernel cuts and sums what we asked for, and
# the receiver checks each sum.
in_d ethtool -K d1 tx off tso off gso off >/dev/null 2>&1
in_d ethtool -K d0 tx off tso off gso off >/dev/null 2>&1
start forward || exit 1
check "$bytes bytes, cut by the link" send 80
check "the forwarder ends" stop
check "super-packets came in all the same" holds longest -gt 20000
check "no checksum was wrong" no_checksum_errors
if [ "$(uname -r | awk -F '[.-]' '{ print $1 * 1000 + $2 }')" -ge 6002 ]; then
	start forward || exit 1
	# Until the neighbour is known there is room for a megabyte only.
	in_c ping -q -c 1 -W 2 $vip >/dev/null
	check "datagrams in super-packets" blast $vip
	check "the forwarder ends" stop
	check "50 super-packets came in, and an echo request and its reply" holds rx -eq 52
	check "no checksum was wrong" no_checksum_errors
else
	echo "skip - datagrams in super-packets: Linux before 6.2 does not describe them"
fi

# 4. IPIP: cut before it leaves, with checksums of our own. The server unwraps by the kernel's
# tunnel device or, without that module, by lvs-decap.
unwrap() {
	if ip -n "$s" link add tunl1 type ipip local 10.9.2.2 remote any 2>"$work/decap"; then
		ip -n "$s" link set tunl1 up
		in_s sysctl -qw net.ipv4.conf.tunl1.rp_filter=0 net.ipv4.conf.all.rp_filter=0
	elif [ -x "$build/examples/lvs-decap/lvs-decap" ]; then
		ip netns exec "$s" "$build/examples/lvs-decap/lvs-decap" --from 10.9.2.1 \
			--address $vip >"$work/counts" 2>"$work/decap" &
		pids+=($!)
		wait_for "$work/decap" "ready on"
	else
		false
	fi
}
if unwrap; then
	start tunnel || exit 1
	check "$bytes bytes through the tunnel" send 80
	check "the forwarder ends" stop
	check "super-packets came in" holds longest -gt 20000
	check "they left in pieces" holds tx -gt $(($(counter rx) * 2))
	check "each could be cut" holds uncut -eq 0
	check "no piece was too long" holds too_long -eq 0
	check "no checksum was wrong" no_checksum_errors
else
	echo "skip - tunnel: neither ipip nor lvs-decap: $(cat "$work/decap")"
fi

# 5. PASS: the host gets back what nft takes away from it.
check "without io_packet the host has no way in" \
	sh -c "! ip netns exec $c timeout 2 python3 $echo send $vip 8080 /dev/null 2>/dev/null"
start forward || exit 1
check "$bytes bytes to the host itself" send 8080
check "the TUN is there" sh -c "ip -n $d -o link show | grep -q ' lvs0: .*UP'"
check "the forwarder ends" stop
check "the host was given packets" holds passed -gt 100
check "super-packets among them" holds longest -gt 20000
check "all that was captured" holds pass_failed -eq 0
check "no checksum was wrong" no_checksum_errors
check "the TUN is gone" sh -c "! ip -n $d -o link show | grep -q ' lvs0:'"

# 6. IPv6, whole and given back.
for name in $c $d $s; do
	ip netns exec "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.disable_ipv6=0
done
ip -n "$c" addr add fd09:1::2/64 dev c0 nodad && ip -n "$c" route add $vip6 via fd09:1::1
ip -n "$d" addr add fd09:1::1/64 dev d0 nodad && ip -n "$d" addr add fd09:2::1/64 dev d1 nodad
ip -n "$s" addr add fd09:2::2/64 dev s0 nodad && ip -n "$s" route add fd09:1::/64 via fd09:2::1
ip -n "$d" addr add $vip6/128 dev lo && ip -n "$s" addr add $vip6/128 dev lo
in_d nft add rule netdev test d0 ip6 daddr $vip6 drop
serve "$s" $vip6 80 && serve "$d" $vip6 8080 || exit 1
start forward 2 || exit 1
check "$bytes bytes by IPv6" send 80 $vip6
check "$bytes bytes by IPv6 to the host itself" send 8080 $vip6
check "datagrams in super-packets by IPv6" blast $vip6
for _ in 1 2 3 4 5 6 7 8; do send 80; done
check "the forwarder ends" stop
check "super-packets came in" holds longest -gt 20000
check "the host was given packets" holds passed -gt 100
check "each of two workers had a share" holds fewest -gt 50
check "nothing was lost" holds tx_failed -eq 0
check "nothing was bad" holds rx_bad -eq 0
check "no checksum was wrong" no_checksum_errors
exit $failed
