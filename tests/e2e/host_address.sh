#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Service addresses: asked for, taken, announced, defended, given up, cleaned after a crash.
#
#     netns d: host_tool              netns r: bridge            netns o: another host
#    +----------------------+        +----------------+         +----------------------+
#    | d0  10.1.0.1/24      |= veth =| rd   br0    ro |= veth ==| o0  10.1.0.3/24      |
#    |     + 10.1.0.80/32   |        +----------------+         |     fd01::3/64       |
#    |     + fd01::80/128   |                                   |                      |
#    +----------------------+                                   +----------------------+
#
set -u
build=${1:?usage: host_address.sh BUILD-DIRECTORY}
# shellcheck source=tests/e2e/lib-host.sh
. "$(dirname "$0")/lib-host.sh"
d='' o='' r=''
space d
space o
space r
ip -n "$r" link add br0 type bridge || skip "there is no bridge"
for end in d o; do
	ip link add ${end}0 netns "${!end}" type veth peer name r$end netns "$r" ||
		skip "there is no veth"
	ip -n "$r" link set r$end master br0
	ip -n "$r" link set r$end up
	ip -n "${!end}" link set ${end}0 up
done
ip -n "$r" link set br0 up
ip -n "$d" addr add 10.1.0.1/24 dev d0
ip -n "$d" addr add fd01::1/64 dev d0 nodad
ip -n "$o" addr add 10.1.0.3/24 dev o0
ip -n "$o" addr add fd01::3/64 dev o0 nodad
run_in "$o" ping -qc 1 -W 5 10.1.0.1 >/dev/null || skip "the bridge does not carry packets"

is_there() { ip -n "$d" addr show dev d0 | grep -qF " $1/"; }
state_is() { answers "state $1" "state $2"; }
both() { "$1" "$2" 10.1.0.80 && "$1" "$2" fd01::80; }
event() { grep -q "$1" "$work/events"; }
# The other host's neighbour entry for an address: its link-layer address.
entry() { ip -n "$o" neigh show "$1" dev o0 | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'; }
entry_is() { [ "$(entry "$1")" = "$2" ]; }
mine=$(mac_of "$d" d0)

: >"$work/events"
check "a host" start_tool "$d" "$name"
run_in "$d" "$tool" "$name" </dev/null >"$work/second"
check "a second one of the same name is refused" grep -q "in use" "$work/second"

# The other host believes in an older owner: announcements correct it.
ip -n "$o" neigh replace 10.1.0.80 lladdr 02:00:00:00:00:aa dev o0 nud stale
ip -n "$o" neigh replace fd01::80 lladdr 02:00:00:00:00:aa dev o0 nud stale
start_tap "$o"
check "an address is asked for" answers "add 0" "add 10.1.0.80 d0"
check "an address is asked for, IPv6" answers "add 0" "add fd01::80 d0"
check "it is being probed" both state_is 1
check "... and not there yet" not is_there 10.1.0.80
check "twice is once too often" answers "add -17" "add 10.1.0.80 d0"
check "it is held within two seconds" within 2000 both state_is 2
check "it is there" is_there 10.1.0.80
check "it is there, IPv6" is_there fd01::80
check "its label tells whose it is" sh -c "ip -n $d addr show dev d0 | grep -q 'd0:$name'"
check "the announcement is believed" within 1000 entry_is 10.1.0.80 "$mine"
check "the announcement is believed, IPv6" within 1000 entry_is fd01::80 "$mine"
check "the kernel answers" run_in "$o" ping -qc 1 -W 2 10.1.0.80
check "the kernel answers, IPv6" run_in "$o" ping -qc 1 -W 2 fd01::80
sleep 2.2
stop_tap
seen_times() { [ "$(grep -cx -- "$2" "$work/tap")" -eq "$1" ]; }
check "three ARP probes" seen_times 3 "arp 0.0.0.0 10.1.0.80"
check "three gratuitous ARP" seen_times 3 "arp 10.1.0.80 10.1.0.80"
check "three solicitations from nobody" seen_times 3 "nd 135 :: ff02::1:ff00:80"
check "three advertisements to all" seen_times 3 "nd 136 fd01::80 ff02::1"
ip -n "$o" neigh replace 10.1.0.80 lladdr 02:00:00:00:00:aa dev o0 nud stale
ask announce >/dev/null
check "announced on command" within 1000 entry_is 10.1.0.80 "$mine"

# The kernel drops IPv6 addresses with their link.
ip -n "$d" link set d0 down
ip -n "$d" link set d0 up
check "an address comes back with its link" within 3000 is_there fd01::80

# Somebody else's on this host are left alone.
ip -n "$d" addr add 10.1.0.81/32 dev d0
sleep 0.2
ask add 10.1.0.81 d0 >/dev/null
check "an address that is there already is somebody else's" state_is 3 10.1.0.81

# Another host has it, or takes it.
ip -n "$o" addr add 10.1.0.82/32 dev o0
ip -n "$o" addr add fd01::82/128 dev o0 nodad
ask add 10.1.0.82 d0 >/dev/null
ask add fd01::82 d0 >/dev/null
check "one that another host has is not taken" within 1500 state_is 4 10.1.0.82
check "one that another host has is not taken, IPv6" within 1500 state_is 4 fd01::82
check "the conflict is told" event "conflict 10.1.0.82 $(mac_of "$o" o0)"
check "the conflict is told, IPv6" event "conflict fd01::82 $(mac_of "$o" o0)"
check "it is not there" not is_there 10.1.0.82
ip -n "$o" addr del 10.1.0.82/32 dev o0
check "a second try" answers "add 0" "add 10.1.0.82 d0"
check "... succeeds when it is free" within 2000 state_is 2 10.1.0.82

# claim ADDRESS [TAG]: an ARP reply for it, in the VLAN of that tag (hexadecimal).
claim() {
	run_in "$o" python3 - "$1" "$(mac_of "$o" o0)" "${2:-}" <<-'PY'
		import socket, sys
		mac = bytes.fromhex(sys.argv[2].replace(":", ""))
		addr = socket.inet_aton(sys.argv[1])
		arp = b"\x00\x01\x08\x00\x06\x04\x00\x02" + mac + addr + mac + addr
		out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		out.bind(("o0", 0))
		out.send(b"\xff" * 6 + mac + bytes.fromhex(sys.argv[3]) + b"\x08\x06" + arp)
	PY
}
claim 10.1.0.80 81000063
sleep 0.3
check "what is said in a VLAN is about another address" state_is 2 10.1.0.80
claim 10.1.0.80
check "a held one is given up when another answers" within 1000 state_is 4 10.1.0.80
check "... and taken off" within 1000 not is_there 10.1.0.80
ask print "$work/made" >/dev/null
check "what is there is told" grep -q "ip addr add fd01::80/128 dev d0 nodad" "$work/made"
check "what was given up is not" not grep -q "10.1.0.80/32" "$work/made"
check "one is taken off on command" answers "del 0" "del 10.1.0.82 d0"
check "... and is gone" not is_there 10.1.0.82

# A crash.
ask add 10.1.0.83 d0 >/dev/null
within 2000 state_is 2 10.1.0.83
kill_tool
check "a crashed instance leaves its address" is_there 10.1.0.83
check "another instance" start_tool "$d" "other-$name"
check "... leaves it alone" is_there 10.1.0.83
stop_tool
check "the same instance again" start_tool "$d" "$name" noprobe
check "... has cleaned it" not is_there 10.1.0.83
check "... IPv6, too" not is_there fd01::80
check "... and left somebody else's alone" is_there 10.1.0.81
ask add 10.1.0.83 d0 >/dev/null
check "without probing it is held at once" state_is 2 10.1.0.83
ask del 10.1.0.83 d0 >/dev/null
check "taken off and put back" answers "add 0" "add 10.1.0.83 d0"
check "... it is held again" state_is 2 10.1.0.83
check "it ends" stop_tool
check "what was made is gone" not is_there 10.1.0.83
check "somebody else's is not" is_there 10.1.0.81

check "a dry run" start_tool "$d" "$name" dry
ask add 10.1.0.84 d0 >/dev/null
ask sysctl net/ipv4/ip_forward 1 >/dev/null
ask print "$work/dry" >/dev/null
check "... tells the address" grep -q "ip addr add 10.1.0.84/32 dev d0" "$work/dry"
check "... tells the sysctl" grep -q "sysctl -w net/ipv4/ip_forward=1" "$work/dry"
check "... and makes nothing" not is_there 10.1.0.84
stop_tool
finish
