#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What becomes of lvsd when an interface of its own goes down, and when it is deleted.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 =X= d0  192.0.2.1     |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80     |          |  nginx on 8080          |
#                       | 198.51.100.1 d1 =bridge= s0                        |
#                       +----------------+          +-------------------------+
#                    (e0 and e1 to the client, of the second lvsd)
#
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"

must mode_build nat
must forwarding director
for name in rs1 rs2 rs3; do
	must web $name
done
mode_rules nat >"$RULES"
answers() {
	get nat >"$HOSTS_WORK/answer"
}
# left: what lvsd made, as far as it is still there.
left() {
	at director nft list tables | grep lvs_
	on director addr | grep -w 192.0.2.80
	on director link | grep ' lvs0:'
}
nothing_left() {
	equal "$(left)" ''
}

# 1. Down and up: it goes on.
must director "$RULES" nat --workers 2
check "the service answers" answers
must on director link set d0 down
check "a link that is down is told of" says "$LOG" 'd0: receive: Network is down'
sleep 0.5
must on director link set d0 up
check "up again, the service answers" soon answers
check "lvsd runs" kill -0 "$STARTED"
check "and says nothing of an end" not grep -q 'is gone' "$LOG"

# 2. Deleted, from up and from down: it ends, and cleans up.
must on director link set d0 down
sleep 0.5
must on director link del d0
check "an interface that is gone is told of" says "$LOG" 'interface d0 is gone'
check "lvsd ends" soon gone "$STARTED"
stop "$STARTED"
check "with status 1" equal $? 1
check "and leaves nothing" nothing_left

must wire director e0 client f0
must wire director e1 client f1
start director "$LOG" "$LVSD" --io packet:e0,e1 --rules "$RULES"
must says "$LOG" 'lvsd: ready'
must on director link del e1
check "a second interface that is gone is told of" says "$LOG" 'interface e1 is gone'
check "lvsd ends then, too" soon gone "$STARTED"
stop "$STARTED"
check "with status 1" equal $? 1
check "and leaves nothing" nothing_left
finish
