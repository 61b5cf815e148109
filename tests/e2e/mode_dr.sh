#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Direct routing under load, while servers come and go.
#
#     netns client           netns director            netns rs1, rs2, rs3
#    +-----------+          +-------------+          +-----------------------+
#    | 192.0.2.9 |          | 192.0.2.1   |          | 192.0.2.11, .12, .13  |
#    |           |          | lvsd: .80   |          | lo: 192.0.2.80        |
#    +-----c0----+          +-----d0------+          +----------s0-----------+
#          |                      |                             |
#    ======+======================+======= bridge ==============+=====
#
#    mode_dr.sh BUILD-DIRECTORY [ADAPTER]        packet when nothing is said
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
adapter_is "${2:-packet}"
why=$(adapter_works) || skip "$2: $why"
mode_test dr
must tell
check "the adapter is ${2:-packet}" grep -qx "Adapter ${2:-packet}" "$HOSTS_WORK/report"
check "each packet that came has a reason" all_accounted
mode_end
