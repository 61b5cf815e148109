#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvs-decap between a sender of tunnel packets and a server's own stack.
#
#     netns d: director and client             netns s: real server
#    +-----------------------------+          +---------------------------------+
#    | 198.51.100.9, 2001:db8:9::9 |          | lvs-decap: TUN with             |
#    |   (the client)              |          |   192.0.2.80, 2001:db8::80      |
#    |              10.1.0.1       |          |       10.1.0.2                  |
#    |              fd01::1     d0 |== veth ==| s0    fd01::2                   |
#    +-----------------------------+          +---------------------------------+
#    IP in IP, GUE, GRE ---------------------------->  socket -> TUN -> server
#          reply     <------------------------------  straight to the client
#
set -u
build=${1:?usage: decap.sh BUILD-DIRECTORY}
here=$(dirname "$0")
decap=$build/examples/lvs-decap/lvs-decap
lib=$here/lib-decap.py

skip() { echo "$*"; exit 77; }
[ -x "$decap" ] || skip "lvs-decap is not built"
command -v python3 >/dev/null || skip "python3 is missing"
[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
# shellcheck source=examples/demo.d/hosts.sh
. "$here/../../examples/demo.d/hosts.sh"
hosts_watch "$0" "$@"
hosts_enter "$0" "$@" || skip "cannot make network namespaces"
d=lvs-decap-d s=lvs-decap-s work=$HOSTS_WORK
pids=()
failed=0

clean() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
}
trap clean EXIT
trap 'exec 2>/dev/null; exit 143' TERM
in_d() { ip netns exec "$d" "$@"; }
in_s() { ip netns exec "$s" "$@"; }

result() {
	if [ "$1" -eq 0 ]; then echo "ok - $2"; else echo "not ok - $2" && failed=1; fi
}

# Waits until a file holds a word; 5 s.
wait_for() {
	for _ in $(seq 100); do
		grep -q -- "$2" "$1" 2>/dev/null && return 0
		sleep 0.05
	done
	echo "$1 does not say \"$2\":" && cat "$1"
	return 1
}

ip netns add "$d" && ip netns add "$s" || skip "cannot make network namespaces"
ip link add d0 netns "$d" type veth peer name s0 netns "$s" || skip "there is no veth"
# Neighbour discovery needs a link-local address at once.
in_d sysctl -qw net.ipv6.conf.d0.accept_dad=0
in_s sysctl -qw net.ipv6.conf.s0.accept_dad=0
in_d ip link set lo up
in_s ip link set lo up
in_d ip addr add 198.51.100.9/32 dev lo
in_d ip addr add 2001:db8:9::9/128 dev lo nodad
for addr in 10.1.0.1/24 10.1.0.3/24 fd01::1/64 fd01::3/64; do
	# shellcheck disable=SC2046 # one word or none
	in_d ip addr add "$addr" dev d0 $([[ $addr == fd* ]] && echo nodad)
done
in_s ip addr add 10.1.0.2/24 dev s0
in_s ip addr add fd01::2/64 dev s0 nodad
in_d ip link set d0 up
in_s ip link set s0 up
in_s ip route add default via 10.1.0.1
in_s ip -6 route add default via fd01::1
in_d ip route add 192.0.2.80 via 10.1.0.2
in_d ip -6 route add 2001:db8::80 via fd01::2
# The strict check of sources: lvs-decap must get along with it.
in_s sysctl -qw net.ipv4.conf.all.rp_filter=1

ip netns exec "$s" "$decap" --from 10.1.0.1,fd01::1 --address 192.0.2.80 --address 2001:db8::80 \
	--gue 6080 --gre \
	>"$work/counts" 2>"$work/log" &
pids+=($!)
decap_pid=$!
wait_for "$work/log" "ready on lvs-decap"
result $? "it starts"

for role in echo sink; do
	ip netns exec "$s" python3 "$lib" serve_$role >"$work/$role" 2>&1 &
	pids+=($!)
	wait_for "$work/$role" ready
done

in_d python3 "$lib" case_bad
in_d python3 "$lib" case_bad_shims
in_d python3 "$lib" case_odd_place
result $? "a remote checksum where no transport has one"
for outer in 4 6; do
	for inner in 4 6; do
		for kind in ipip gue gue-csum gue-remcsum gre gre-csum; do
			in_d python3 "$lib" case_echo $outer $inner $kind
			result $? "IPv$inner in IPv$outer, $kind"
		done
		for kind in ipip gue gre; do
			in_d python3 "$lib" case_ecn $outer $inner $kind
			result $? "congestion marks of IPv$inner in IPv$outer, $kind"
		done
	done
done
for kind in ipip gue gre; do
	in_d timeout 60 python3 "$lib" case_super $kind
	result $? "TCP in super-packets with unfinished checksums, $kind"
done

# Nobody answers ARP for the service address on the wire.
in_d ip route replace 192.0.2.80 dev d0
in_d bash -c 'echo >/dev/udp/192.0.2.80/7; echo >/dev/udp/10.1.0.2/7' 2>/dev/null
sleep 0.5
in_d ip neigh show 10.1.0.2 | grep -q lladdr && ! in_d ip neigh show 192.0.2.80 | grep -q lladdr
result $? "no answer to ARP for the service address"

kill -USR1 "$decap_pid"
wait_for "$work/counts" overrun
count() { awk -v name="$1" '$1 == name { print $2 }' "$work/counts"; }
for want in short_inner=8 bad_inner=5 inner_checksum=1 not_to=2 not_from=3 ecn_refused=12 refused=0 \
	bad_shim=20 gre_checksum=2 bad_outer=0 fragment=0; do
	name=${want%=*}
	[ "$(count "$name")" = "${want#*=}" ] || { echo "$want: got $(count "$name")" && false; }
	result $? "counter $want"
done
[ "$(count super)" -gt 150 ] && [ "$(count partial)" -gt 150 ] && [ "$(count ecn_marked)" = 24 ] &&
	[ "$(count remote)" = 9 ]
result $? "counters of offloads and marks: $(count super) super-packets"

ignore=$(in_s cat /proc/sys/net/ipv4/conf/all/arp_ignore)
kill -TERM "$decap_pid"
wait "$decap_pid"
result $? "SIGTERM ends it"
[ "$ignore" = 1 ] && [ "$(in_s cat /proc/sys/net/ipv4/conf/all/arp_ignore)" = 0 ] &&
	! in_s ip link show lvs-decap >/dev/null 2>&1 && ! in_s ip addr | grep -q 192.0.2.80
result $? "it leaves the host as it was"

exit $failed
