#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The control socket under clients that mean no good, while requests go through.
#
#     netns client           netns director                    netns rs1, rs2, rs3
#    +---------------+      +--------------------+          +----------------------+
#    | 192.0.2.9     c0 == d0  192.0.2.1         |          | 198.51.100.11 .. .13 |
#    +---------------+      |  lvsd              d1 =bridge= s0  nginx, port 8080 |
#                           |    ^ control socket |          +----------------------+
#                           |  lib-control.py    |
#                           +--------------------+
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
SOCKET=/run/lvsd/control

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
{
	mode_rules nat
	for ((i = 1; i <= 400; i++)); do
		echo "-A -t 192.0.2.80:$((i + 1000)) -s rr"
	done
} >"$RULES"
start director "$LOG" "$LVSD" --io packet:d0,d1 --rules "$RULES" --control
DIRECTOR=$STARTED
must soon says "$LOG" ready

control() {
	at director python3 "$E2E/lib-control.py" $SOCKET "$@"
}
# The system's own: what root's path names may lie where nobody else can read.
nobody() {
	at director setpriv --reuid 65534 --regid 65534 --clear-groups \
		/usr/bin/python3 "$E2E/lib-control.py" $SOCKET "$@" 2>&1 | tail -n 1
}
# requests N: so many go through, and evenly enough.
requests() {
	equal "$(spread nat "$1" | grep -c '^rs')" "$1"
}

check "a request by root" equal "$(control info)" answered
if setpriv --reuid 65534 --clear-groups /usr/bin/python3 -c 'open("'"$E2E"'/lib-control.py")' 2>/dev/null; then
	chmod 755 /run /run/lvsd
	check "anybody else does not come in" equal "$(nobody info)" 'PermissionError: [Errno 13] Permission denied'
	chmod 666 $SOCKET
	check "... and may nothing where the file lets him" equal "$(nobody info)" 'Operation not permitted'
	chmod 600 $SOCKET
else
	echo "skip - anybody else: there is no other user here, or no /usr/bin/python3 for him"
fi
check "half messages" equal "$(control half)" answered
check "random bytes" equal "$(control noise)" answered
check "... have changed nothing" equal "$(control info)" answered
before=$(memory VmRSS)
start director "$HOSTS_WORK/deaf" python3 "$E2E/lib-control.py" $SOCKET deaf 100
check "a hundred clients who read nothing" soon says "$HOSTS_WORK/deaf" deaf
check "... cost little memory" near "$(memory VmRSS)" "$before" 20000
check "... and do not keep others waiting" equal "$(control info)" answered
check "a thousand clients" equal "$(control many 1000)" 1000
start director "$HOSTS_WORK/flood" python3 "$E2E/lib-control.py" $SOCKET flood 3
FLOOD=$STARTED
check "requests go through under a flood of commands" requests 60
wait "$FLOOD"
check "... which are all done" more "$(cat "$HOSTS_WORK/flood")" 100
check "lvsd lives" not gone "$DIRECTOR"
finish
