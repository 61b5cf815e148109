#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The host's mirror: routes, links and neighbours followed while they change.
#
#     netns d: host_tool                     netns s: servers
#    +------------------------+             +------------------------+
#    | d0  10.1.0.1/24        |== veth 0 ===| s0  10.1.0.2, fd01::2  |
#    |     fd01::1/64         |             |                        |
#    | d1  10.2.0.1/24        |== veth 1 ===| s1  10.2.0.2           |
#    | tun9 (no addresses)    |             +------------------------+
#    +------------------------+
#      10.9.0.0/16 via 10.1.0.2, or via 10.2.0.2
#
set -u
build=${1:?usage: host_neigh.sh BUILD-DIRECTORY}
# shellcheck source=tests/e2e/lib-host.sh
. "$(dirname "$0")/lib-host.sh"
d='' s=''
space d
space s
for i in 0 1; do
	ip link add d$i netns "$d" type veth peer name s$i netns "$s" || skip "there is no veth"
	ip -n "$d" addr add 10.$((i + 1)).0.1/24 dev d$i
	ip -n "$s" addr add 10.$((i + 1)).0.2/24 dev s$i
	ip -n "$d" link set d$i up
	ip -n "$s" link set s$i up
done
# Neighbours go stale after 100 ms, not 30 s.
run_in "$d" sh -c 'cd /proc/sys/net/ipv4/neigh/d0
	echo 100 >base_reachable_time_ms; echo 1 >delay_first_probe_time'
ip -n "$d" addr add fd01::1/64 dev d0 nodad
ip -n "$s" addr add fd01::2/64 dev s0 nodad
ip -n "$d" route add 10.9.0.0/16 via 10.1.0.2 mtu 1400
ip -n "$d" route add blackhole 10.8.0.0/16
ip -n "$d" -6 route add 2001:db8::/32 via fd01::2

check "a host that changes nothing" start_tool "$d" "$name" nosetup confirm=1
check "on link" answers "forward via 10.1.0.2 src 10.1.0.1 mtu 1500" "path 10.1.0.2"
check "by gateway, the route's MTU" answers "via 10.1.0.2 src 10.1.0.1 mtu 1400" "path 10.9.1.1"
check "by gateway, IPv6" answers "via fd01::2 src fd01::1 mtu 1500" "path 2001:db8::1"
check "own address" answers "local" "path 10.2.0.1"
check "own address, IPv6" answers "local" "path fd01::1"
check "blackhole" answers "unreachable" "path 10.8.1.1"
check "no route" answers "unreachable" "path 192.0.2.1"
check "no route, for a worker" answers "error -2" "reply 192.0.2.1"
check "the number of a next hop stays" test "$(ask path 10.9.1.1)" = "$(ask path 10.9.2.2)"

check "a neighbour is resolved" answers "mac $(mac_of "$s" s0)" "resolve 10.9.1.1 3000"
check "a neighbour is resolved, IPv6" answers "mac $(mac_of "$s" s0)" "resolve 2001:db8::1 3000"
check "who does not answer fails" answers "error -2" "resolve 10.1.0.99 6000"
ip -n "$s" addr add 10.1.0.99/24 dev s0
check "... and is found when it comes" within 4000 answers "mac" "resolve 10.1.0.99 100"

follows() { answers "$1" "path 10.9.1.1"; }
ip -n "$d" route replace 10.9.0.0/16 via 10.2.0.2
check "a replaced route is followed within a second" within 1000 follows "via 10.2.0.2"
ip -n "$d" route add 10.9.1.0/24 via 10.1.0.2
check "a longer prefix is followed" within 1000 follows "via 10.1.0.2"
ip -n "$d" route del 10.9.1.0/24
check "a removed one, too" within 1000 follows "via 10.2.0.2"
ip -n "$d" route add 10.9.0.0/16 via 10.1.0.2 metric 10
check "the lower metric stays" within 1000 follows "via 10.2.0.2"
# The kernel removes the routes of a link that goes down without a word.
ip -n "$d" link set d1 down
check "a link that goes down takes its routes along" within 1000 follows "via 10.1.0.2"
ip -n "$d" link set d1 up
ip -n "$d" route replace 10.9.0.0/16 nexthop via 10.2.0.2 nexthop via 10.1.0.2
check "multipath: the first way" within 1000 follows "via 10.2.0.2"
ip -n "$d" link set d1 down
check "... and the one that is alive" within 1000 follows "via 10.1.0.2"
ip -n "$d" link set d1 up
ip -n "$d" route flush 10.9.0.0/16
ip -n "$d" route add 10.9.0.0/16 via inet6 fd01::2 dev d0
check "an IPv4 route by an IPv6 gateway" within 1000 follows "via fd01::2 src 10.1.0.1"
check "... is resolved" answers "mac $(mac_of "$s" s0)" "resolve 10.9.1.1 3000"
ip -n "$d" link set d0 mtu 1300
check "a link's MTU is followed" within 1000 follows "mtu 1300"

if run_in "$d" ip tuntap add tun9 mode tun 2>/dev/null; then
	ip -n "$d" addr add 10.77.0.1/24 dev tun9
	ip -n "$d" link set tun9 up
	check "a link without addresses says so" within 1000 answers "flags 1" "resolve 10.77.0.5 100"
else
	echo "skip - no /dev/net/tun"
fi

# More changes than the socket holds, while the process does not read: all is read anew.
for i in $(seq 0 15999); do
	echo "route add 10.64.$((i / 250)).$((i % 250))/32 via 10.1.0.2"
done >"$work/routes"
kill -STOP "$tool_pid"
ip -n "$d" -batch "$work/routes"
ip -n "$d" route replace 10.9.0.0/16 via 10.2.0.2
kill -CONT "$tool_pid"
check "lost notifications: the last change is known" within 2000 follows "via 10.2.0.2"
check "... and the first" answers "via 10.1.0.2" "path 10.64.0.1"
check "... and one in the middle" answers "via 10.1.0.2" "path 10.64.40.7"
check "it was so" grep -q "notifications were lost" "$work/events"

# The server's card is exchanged and nobody announces it: the old address is confirmed in vain.
old=$(mac_of "$s" s0)
ip -n "$d" route replace 10.9.0.0/16 via 10.1.0.2
within 1000 follows "via 10.1.0.2"
check "before the move" answers "mac $old" "resolve 10.9.1.1 3000"
ip -n "$s" link set s0 address 02:00:00:00:77:01
moved() { answers "mac 02:00:00:00:77:01" "resolve 10.9.1.1 100"; }
check "a moved server is noticed" within 15000 moved

check "costs: $(ask bench 10.9.1.1)" true
check "it ends" stop_tool
finish
