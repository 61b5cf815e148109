#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The adapter "tun" between a client's and a server's own stack. io_tun decides by hand: port 8080
# is the host's own, all else goes on.
#
#     netns client           netns director                         netns server
#    +-----------+          +---------------------------------+    +-----------------+
#    | 10.9.1.2  |          |   rules: to and from 10.9.9.9   |    | 10.9.9.9        |
#    |        c0 |== veth ==| d0 --------> lvs-tun <------ d1 |====| s0  10.9.2.2    |
#    +-----------+          |  10.9.1.1    io_tun    10.9.2.1 |    | lvs-decap       |
#                           |  10.9.9.8: the host's           |    +-----------------+
#                           +---------------------------------+
#
# Offloads stay on: what a stack sends into a veth are super-packets without checksums.
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
program=$1/tests/e2e/io_tun echo=$E2E/lib-echo.py work=$HOSTS_WORK
vip=10.9.9.9 vip6=fd09:9::9 own=10.9.9.8 bytes=40000000
[ -x "$program" ] || skip "io_tun is not built"
for need in ethtool tcpdump nstat; do
	command -v "$need" >/dev/null || skip "$need is missing"
done

network() {
	host client director server && wire client c0 director d0 && wire director d1 server s0 &&
		address client c0 10.9.1.2/24 fd09:1::2/64 && address server s0 10.9.2.2/24 fd09:2::2/64 &&
		address director d0 10.9.1.1/24 fd09:1::1/64 && address director d1 10.9.2.1/24 fd09:2::1/64 &&
		address server lo $vip/32 $vip6/128 && address director lo $own/32 &&
		gateway client 10.9.1.1 fd09:1::1 && gateway server 10.9.2.1 fd09:2::1 &&
		on director route add $vip via 10.9.2.2 && on director route add $vip6 via fd09:2::2 &&
		on client route add $vip via 10.9.1.1 mtu 1400 &&
		forwarding director &&
		# The strict filter everywhere: the TUN has to get by with it.
		setting director ipv4/conf/all/rp_filter 1 && steer
}
# To and from the service by a table of its own, before "local"; out of the TUN as ever. Of IPv6 not
# what finds neighbours. With early demux the host would not forward what has a socket here.
steer() {
	local rule
	for rule in "iif d0 to $vip6" "iif d1 from $vip6"; do
		# shellcheck disable=SC2086
		on director -6 rule add pref 10 ipproto tcp $rule lookup 100 &&
			on director -6 rule add pref 10 ipproto udp $rule lookup 100 || return
	done
	on director rule add pref 1 lookup local && on director rule del pref 0 &&
		on director rule add pref 0 iif d0 to $vip lookup 100 &&
		on director rule add pref 0 iif d0 to $own lookup 100 &&
		on director rule add pref 0 iif d1 from $vip lookup 100 &&
		setting director ipv4/ip_early_demux 0
}
# run [WORKERS [WORD...]]: io_tun, and the routes into its device.
run() {
	start director "$work/report" "$program" lvs-tun "${@:-1}"
	PROGRAM=$STARTED
	says "$work/report" ready && route
}
route() {
	on director route replace default dev lvs-tun table 100 &&
		on director -6 route replace default dev lvs-tun table 100
}
counter() {
	awk -v name="$1" '$1 == name { print $2 }' "$work/report"
}
holds() { # COUNTER TEST NUMBER
	test "$(counter "$1")" "$2" "$3" || { cat "$work/report"; return 1; }
}
no_checksum_errors() {
	local name
	for name in client director server; do
		at "$name" nstat -asz TcpInCsumErrors IpInHdrErrors UdpInCsumErrors Udp6InCsumErrors |
			awk '!/^#/ && $2 > 0 { print; bad = 1 } END { exit bad }' || return 1
	done
}
serve() { # HOST ADDRESS PORT
	start "$1" "$work/serve.$1.$3" python3 "$echo" serve "$2" "$3"
	says "$work/serve.$1.$3" ready
}
send() { # PORT [ADDRESS]
	at client timeout 60 python3 "$echo" send "${2:-$vip}" "$1" "$work/data"
}
blast() { # ADDRESS: super-packets of UDP; holds when every datagram comes.
	start server "$work/count" python3 "$echo" count "$1" 53
	local pid=$STARTED
	says "$work/count" ready && at client python3 "$echo" blast "$1" 53 50 && says "$work/count" 'count' &&
		{ wait "$pid"; grep -qx "count 2000" "$work/count"; }
}
# watch HOST INTERFACE FILTER: one packet of these, in words, to $work/seen.
watch() {
	start "$1" "$work/seen" tcpdump -i "$2" -nvl -c 1 --immediate-mode "$3"
	WATCH=$STARTED
	says "$work/seen" "listening on"
}
ttl_is() { # NUMBER: the watched packet's.
	soon gone "$WATCH" && cat "$work/seen" && grep -Eq "(ttl|hlim) $1\b" "$work/seen"
}
ping_one() {
	at client ping -c 1 -W 2 "$@"
}
no_device() {
	! on director link show lvs-tun
}

must network
head -c $bytes /dev/urandom >"$work/data"
must serve server $vip 80
must serve director $own 8080
must serve server $vip6 81

# 1. What it can carry; each packet comes in once and leaves once; TTL counts one hop.
must run
check "it carries super-packets, partial checksums and what is passed; no link layer" \
	grep -qx 'caps 14 65535' "$work/report"
at client ping -q -c 10 -i 0.05 -W 2 $vip >"$work/ping"
check "no reply is lost or doubled" grep -q "10 packets transmitted, 10 received, 0%" "$work/ping"
must watch server s0 "icmp[0] = 8"
ping_one -t 30 $vip >/dev/null
check "TTL of a request counts one hop" ttl_is 29
must watch client c0 "icmp[0] = 0"
ping_one $vip >/dev/null
check "TTL of a reply counts one hop" ttl_is 63
must watch server s0 "ip6 and udp dst port 99"
at client python3 -c "if True:
	import socket
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 30)
	s.sendto(b'x', ('$vip6', 99))"
check "hop limit counts one hop" ttl_is 29
must watch server s0 "icmp[0] = 8"
ping_one -t 2 $vip >/dev/null
check "TTL 2 gets there as 1" ttl_is 1
check "io_tun ends" stop "$PROGRAM"
check "requests and replies came in, nothing else" holds rx -eq 27
check "they left once each" holds tx -eq 27
check "nothing was lost" holds rx_lost -eq 0
check "the device is gone" no_device
must run 1 hops
must watch server s0 "icmp[0] = 8"
ping_one -t 30 $vip >/dev/null
check "counting hops, TTL counts three" ttl_is 27
check "io_tun ends" stop "$PROGRAM"

# 2. Super-packets and partial checksums, from veth to veth, whole.
must run
start server "$work/tcpdump" tcpdump -i s0 -w "$work/s0.pcap" -c 20 --immediate-mode 'greater 3000 and tcp dst port 80'
TCPDUMP=$STARTED
must says "$work/tcpdump" "listening on"
check "$bytes bytes by super-packets" send 80
check "io_tun ends" stop "$PROGRAM"
check "super-packets came in" holds longest -gt 20000
check "partial checksums too" holds partial -gt 100
check "they left whole, one for one" holds tx -eq "$(counter rx)"
check "the server's interface saw them whole" soon gone "$TCPDUMP"
check "nothing was lost" holds tx_failed -eq 0
check "no checksum was wrong" no_checksum_errors

# 3. The same where the way out has no offloads: the kernel cuts and sums what we asked for.
must at director ethtool -K d1 tx off tso off gso off >/dev/null
must at director ethtool -K d0 tx off tso off gso off >/dev/null
must run
check "$bytes bytes, cut by the link" send 80
check "io_tun ends" stop "$PROGRAM"
check "super-packets came in all the same" holds longest -gt 20000
check "no checksum was wrong" no_checksum_errors
if [ "$(uname -r | awk -F '[.-]' '{ print $1 * 1000 + $2 }')" -ge 6002 ]; then
	must run
	check "datagrams in super-packets" blast $vip
	check "by IPv6, too" blast $vip6
	check "io_tun ends" stop "$PROGRAM"
	check "they came in whole" holds longest -gt 20000
	check "and left whole" holds tx -eq "$(counter rx)"
	check "no checksum was wrong" no_checksum_errors
else
	echo "skip - datagrams in super-packets: Linux before 6.2 does not describe them"
fi

# 4. IPIP: cut before it leaves, with checksums of our own.
start server "$work/decap" "$LVS_DECAP" --from 10.9.2.1 --address $vip
DECAP=$STARTED
must says "$work/decap" 'ready on'
must run 1 tunnel
check "$bytes bytes through the tunnel" send 80
check "io_tun ends" stop "$PROGRAM"
check "super-packets came in" holds longest -gt 20000
check "they left in pieces" holds tx -gt $(($(counter rx) * 2))
check "each could be cut" holds uncut -eq 0
check "no checksum was wrong" no_checksum_errors
check "lvs-decap ends" stop "$DECAP"

# 5. PASS: the host gets it, and answers.
must run 1 asked
check "$bytes bytes to the host itself" send 8080 $own
check "io_tun ends" stop "$PROGRAM"
check "the host was given packets" holds passed -gt 100
check "super-packets among them" holds longest -gt 20000
check "all of them" holds pass_failed -eq 0
check "no checksum was wrong" no_checksum_errors

# 6. Two queues, IPv6.
must run 2
check "$bytes bytes by IPv6" send 81 $vip6
for _ in 1 2 3 4 5 6 7 8; do send 80; done
check "io_tun ends" stop "$PROGRAM"
check "each of two workers had a share" holds fewest -gt 50
check "nothing was lost" holds tx_failed -eq 0
check "nothing was bad" holds rx_bad -eq 0
check "no checksum was wrong" no_checksum_errors

# 7. A queue that nobody reads: what does not fit is counted, and what comes later goes on.
must run
kill -STOP "$PROGRAM"
at client ping -q -f -c 3000 -W 0.1 -w 3 -l 3000 $vip >/dev/null
kill -CONT "$PROGRAM"
check "then pings are answered as ever" in_time 5 ping_one $vip
check "io_tun ends" stop "$PROGRAM"
check "what did not fit was counted" holds rx_lost -gt 100
check "what did was handed on" holds tx -gt 100

# 8. Down and up again.
must run
kill -STOP "$PROGRAM"
at client ping -q -c 3 -i 0.05 -W 0.1 $vip >/dev/null
must on director link set lvs-tun down
kill -CONT "$PROGRAM"
must on director link set lvs-tun up
must route
check "up again, it does" ping_one $vip
check "io_tun ends" stop "$PROGRAM"
check "what could not be written was counted" holds tx_failed -eq 3
check "and said once" equal "$(grep -c 'refuses 84 bytes: it is down' "$work/report")" 1

# 9. Deleted. Before: a TTL that is used up, which the host counts as an error of its own.
must run
ping_one -t 1 $vip >"$work/ping"
check "TTL 1 does not get there, and the director says so" \
	grep -q 'From 10.9.1.1 .*Time to live exceeded' "$work/ping"
must on director link del lvs-tun
check "deleted, it ends" soon gone "$PROGRAM"
check "and says why" grep -qx 'tun: TUN lvs-tun is gone' "$work/report"

# 10. Whose device it is.
must on director tuntap add dev lvs-tun mode tun multi_queue
must on director link set lvs-tun mtu 1400
settings() {
	on director -d link show lvs-tun | sed -E 's/numtxqueues.*//; s/(NO-CARRIER|LOWER_UP),?//g' | head -1
	at director sh -c 'cd /proc/sys/net && grep -s . ipv4/conf/lvs-tun/* ipv6/conf/lvs-tun/*'
}
at director "$program" lvs-tun >"$work/second" 2>&1
check "one that is there is not taken" equal $? 1
check "and that is said" grep -qx 'tun: TUN lvs-tun: there is an interface of that name already' "$work/second"
settings >"$work/before"
start director "$work/report" "$program" lvs-tun 1 existing
PROGRAM=$STARTED
must says "$work/report" ready
check "one that is to be there is taken as it is" grep -qx 'caps 14 1400' "$work/report"
settings >"$work/after"
check "and stays so" diff "$work/before" "$work/after"
check "io_tun ends" stop "$PROGRAM"
check "and it is still there" on director link show lvs-tun
must on director tuntap del dev lvs-tun mode tun multi_queue
at director "$program" lvs-tun 1 existing >"$work/second" 2>&1
check "one that is to be there, and is not, is missed" equal $? 1
check "and that is said" grep -qx 'tun: TUN lvs-tun: there is no such interface' "$work/second"
# shellcheck disable=SC2034 # what finish shows
LOG=$work/report
finish
