#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Address translation under load, while servers come and go; UDP too. Two workers.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +--------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80   |          |  nginx on 8080, UDP echo|
#                       | 198.51.100.1 d1 =bridge= s0     on 7007          |
#                       +--------------+          +-------------------------+
#
#    mode_nat.sh BUILD-DIRECTORY [ADAPTER]        packet when nothing is said
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
adapter_is "${2:-packet}"
why=$(adapter_works) || skip "$2: $why"

case_udp() {
	local n
	printf -- '-A -u 192.0.2.80:7 -s rr\n' >>"$RULES"
	for n in 1 2 3; do
		printf -- '-a -u 192.0.2.80:7 -r 198.51.100.1%s:7007 -m\n' $n >>"$RULES"
		start rs$n "$HOSTS_WORK/echo$n.log" python3 "$E2E/lib-load.py" echo rs$n 7007
		says "$HOSTS_WORK/echo$n.log" ready || return
	done
	reload && at client python3 "$E2E/lib-load.py" ask 192.0.2.80 7 30 >"$HOSTS_WORK/udp" &&
		even "$HOSTS_WORK/udp" 30 || return
}

# A veth as the demo makes it has one queue, and each of xdp's workers needs one.
workers=2
[ "${2:-}" != xdp ] || workers=1
mode_test nat --forwarding --workers $workers
check "UDP: each socket has one server, each server a third of them" case_udp
must tell
check "the adapter is ${2:-packet}" grep -qx "Adapter ${2:-packet}" "$HOSTS_WORK/report"
check "each packet that came has a reason" all_accounted
mode_end
