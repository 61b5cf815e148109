#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsd is given interfaces and no adapter: it picks one, says which and why, and serves by it.
#
#     netns client       netns director              netns rs1, rs2, rs3
#    +-----------+      +---------------+          +-------------------------+
#    | 192.0.2.9 c0 === d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80    |          |  nginx on 8080          |
#                       | 198.51.100.1 d1 =bridge= s0                        |
#                       +---------------+          +-------------------------+
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
export LVSD_IO=auto:

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
{ mode_rules nat && mode_rules nat 6; } >"$RULES"

offloads() { # on|off, at the director
	at director ethtool -K d0 tso "$1" gso "$1" >/dev/null && at director ethtool -K d1 tso "$1" gso "$1" >/dev/null
}
has_xdp() { # at d0, by the driver
	on director link show dev d0 | grep -q ' xdp qdisc'
}
serves() {
	spread nat 6 >"$HOSTS_WORK/six" && even "$HOSTS_WORK/six" 6 && spread nat 6 6 >"$HOSTS_WORK/six" && even "$HOSTS_WORK/six" 6
}
dry() { # ARGUMENT...: what --check says
	at director "$LVSD" --check --rules "$RULES" "$@" 2>&1
}
says_of() { # WORDS ARGUMENT...
	dry "${@:2}" | grep -e "$1"
}
is_named() { # nothing is picked
	! dry --io packet:d0,d1 | grep picked
}
without_bpf() {
	at director setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-bpf,-sys_admin \
		"$LVSD" --check --io d0,d1 --rules "$RULES" 2>&1 | grep 'packet is picked.*CAP_BPF'
}
picks() { # ADAPTER WORDS: of d0 and d1
	says_of "adapter $1 is picked for d0,d1: $2" --io d0,d1
}
# by ADAPTER WORDS: it starts, says so, serves, and ends.
by() {
	must director "$RULES" nat
	check "$1 is picked: $2" says "$LOG" "adapter $1 is picked for d0,d1: .*$2"
	check "$1: it serves by it" says "$LOG" "on $1:d0,d1"
	check "$1: by both families" serves
	[ "$1" = packet ] || check "xdp: by the driver" has_xdp
	check "$1: it ends" stop "$STARTED"
	check "$1: no program is left" not has_xdp
}

by packet 'd0 (veth) carries super-packets'
check "a name stands over the choice" is_named
check "an interface that is not there" says_of 'picked for d7: d7 is not there' --io d7
check "one that is not Ethernet" says_of 'picked for lo: lo is not Ethernet' --io lo
must offloads off
if "$LVSD" --io xdp:nobody --rules /dev/null 2>&1 | grep -q 'built without'; then
	check "without liblvs-xdp" picks packet 'lvsd was built without liblvs-xdp'
	finish
fi
if [ "$(tr -s ' ' <"/proc/self/uid_map")" != " 0 0 4294967295" ]; then
	check "without rights" picks packet 'xdp needs the initial user namespace'
	finish
fi
check "--check tells, too" picks xdp 'd0 (veth) has XDP'
check "more workers than queues" says_of 'packet is picked.*fewer receive queues' --io d0,d1 --workers 2
check "set-up that is not wanted" says_of 'packet is picked.*--no-setup' --io d0,d1 --no-setup
must on director link set d1 mtu 9000
check "a long MTU" picks packet 'd1 (veth) has an MTU'
must on director link set d1 mtu 1500
check "without capabilities" without_bpf
by xdp 'd0 (veth) has XDP'

# Another's program is in the way: that is found when ours is to be loaded.
command -v clang >/dev/null || finish
printf '__attribute__((section("xdp"), used)) int other(void *c) { return 2; }\n' >"$HOSTS_WORK/other.c"
must clang -O2 -g -target bpf -c "$HOSTS_WORK/other.c" -o "$HOSTS_WORK/other.o"
must on director link set dev d1 xdp obj "$HOSTS_WORK/other.o" sec xdp
by packet 'xdp could not be had'
finish
