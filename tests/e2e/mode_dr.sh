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
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
begin "$@"
mode_test dr
mode_end
