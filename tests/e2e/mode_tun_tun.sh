#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tunnels through the adapter "tun" under load, while servers come and go, by both families;
# offloads on and off. The client's link has an MTU of 1400, as in mode_tun.sh. Two workers.
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
mode_test tun --workers 2
case_ipv6 tun
must own_service
check "the host's own service on the service address" own 203.0.113.80
check "by IPv6, too" own 2001:db8:3::80
check "the kernel lost nothing on its way into the TUN" nothing_lost
case_offloads_off tun director d0 client c0 rs1 s0 rs2 s0 rs3 s0
mode_end
