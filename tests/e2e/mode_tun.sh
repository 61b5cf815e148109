#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Tunnels under load, while servers come and go. The client's link has an MTU of 1400, so that what it
# sends fits into the others when it is wrapped.
#
#     netns client       netns router              netns rs1, rs2, rs3
#    +-----------+      +--------------+          +--------------------------------+
#    | 192.0.2.9 c0 == r0  192.0.2.1   |          | 198.51.100.11, .12, .13        |
#    +-----------+      | 198.51.100.1 r2 =bridge= s0 lvs-decap: TUN, 203.0.113.80 |
#                       | 203.0.113.1  |          +--------------------------------+
#                       +-----r1-------+
#                             |
#                       +-----d0-----------------+
#                       | 203.0.113.2, lvsd: .80 |
#                       +------------------------+
#                         netns director
#
#    mode_tun.sh BUILD-DIRECTORY [ADAPTER]        packet when nothing is said
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
adapter_is "${2:-packet}"
why=$(adapter_works) || skip "$2: $why"
mode_test tun
must tell
check "the adapter is ${2:-packet}" grep -qx "Adapter ${2:-packet}" "$HOSTS_WORK/report"
check "each packet that came has a reason" all_accounted
mode_end
