#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Address translation through the adapter "tun" under load, while servers come and go, by both
# families; offloads on and off; a service of the host's own on the same address. Two workers.
#
#     netns client       netns director                       netns rs1, rs2, rs3
#    +-----------+      +----------------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1           |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80 <-> TUN   |          |  nginx on 8080          |
#                       | 198.51.100.1        d1 =bridge= s0                        |
#                       +----------------------+          +-------------------------+
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-tun.sh"
begin "$@"
export LVSD_IO=tun:lvs-tun,
mode_test nat --workers 2
case_ipv6 nat

# The host's own: same address, another port; and the servers asked directly.
must own_service
check "the host's own service on the service address" own 192.0.2.80
check "by IPv6, too" own 2001:db8:1::80
check "a server answers who asks it directly" says_name http://198.51.100.11:8080/ rs1
check "by IPv6, too" says_name 'http://[2001:db8:2::11]:8080/' rs1
check "the service address answers pings" ping_once 192.0.2.80
check "by IPv6, too" ping_once 2001:db8:1::80
check "the kernel lost nothing on its way into the TUN" nothing_lost

case_offloads_off nat director d0 director d1 client c0 rs1 s0 rs2 s0 rs3 s0
mode_end
