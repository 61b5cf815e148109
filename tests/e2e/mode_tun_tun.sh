#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tunnels through the adapter "tun", by both families; offloads on and off. The client's link has an
# MTU of 1400, as in mode_tun.sh. Two workers. (Servers come and go in mode_nat_tun.sh.)
#
#     netns client       netns router              netns rs1, rs2, rs3
#    +-----------+      +--------------+          +--------------------------------+
#    | 192.0.2.9 c0 == r0  192.0.2.1   |          | 198.51.100.11, .12, .13        |
#    +-----------+      | 198.51.100.1 r2 =bridge= s0 lvs-decap: TUN, 203.0.113.80 |
#                       | 203.0.113.1  |          +--------------------------------+
#                       +-----r1-------+
#                             |
#                       +-----d0-------------------------+
#                       | 203.0.113.2, lvsd: .80 <-> TUN |
#                       +--------------------------------+
#                         netns director
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-tun.sh"
begin "$@"
export LVSD_IO=tun:lvs-tun,
must mode_build tun
for name in rs1 rs2 rs3; do
	must web $name
done
mode_rules tun >"$RULES"
must director "$RULES" tun --workers 2
# shellcheck disable=SC2034 # what reload and mode_end mean
DIRECTOR=$STARTED
check "each server a third" spread_even tun
check "20 MB down and 10 MB up" large tun
case_ipv6 tun
must own_service
check "the host's own service on the service address" own 203.0.113.80
check "by IPv6, too" own 2001:db8:3::80

# The way to the servers gets shorter than what the client's packets are in a tunnel. The router
# says so to the director, and only that tells the client.
must on router route replace 198.51.100.0/24 dev r2 mtu lock 1380
must on router -6 route replace 2001:db8:2::/64 dev r2 mtu lock 1380
uploads() {
	uploaded "$HOSTS_WORK/up" "$(mode_url tun "${1:-}")"
}
check "a path that is too short is learned, and the client told" uploads
check "by IPv6, too" uploads 6
check "from errors about tunnel packets" more "$(counter reply_tunnel)" 0
check "the kernel lost nothing on its way into the TUN" nothing_lost
case_offloads_off tun director d0 client c0 rs1 s0 rs2 s0 rs3 s0
mode_end
