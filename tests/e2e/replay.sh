#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsd with capture files: no host, no privileges.
#
#     tests/golden/nat-v4-tcp/in.pcap --> lvsd --> out.pcap, the report
#
set -u
build=${1:?usage: replay.sh BUILD-DIRECTORY}
lvsd=$build/examples/lvsd/lvsd
golden=$(cd "$(dirname "$0")/../golden/nat-v4-tcp" && pwd)
if [ ! -x "$lvsd" ]; then
	echo "lvsd is not built"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# check NAME COMMAND...
check() {
	local name=$1
	shift
	if "$@" >"$work/check" 2>&1; then echo "ok - $name"; else
		cat "$work/check"
		echo "not ok - $name"
		failed=1
	fi
}

replay() { # TARGET [OPTION...]
	timeout 20 "$lvsd" --io "pcap:$1" --rules "$golden/rules" "${@:2}" >"$work/report" 2>"$work/log"
}

# The last packets came when the file ended: TIME_WAIT has its 2 minutes, CLOSE its 10 seconds.
times() {
	awk '$3 == "TIME_WAIT" || $3 == "CLOSE" { print $2, $3 }' "$work/report" | sort -u | paste -sd ' '
}
is() {
	echo "\"$1\", expected \"$2\""
	[ "$1" = "$2" ]
}
fails() {
	! "$@"
}

check "a file is replayed" replay "$golden/in.pcap,$work/out.pcap"
check "what is sent is what is expected" cmp "$work/out.pcap" "$golden/out.pcap"
check "connections expire by the file's time" is "$(times)" "00:10 CLOSE 02:00 TIME_WAIT"
check "one service, in the singular" grep -q ' 1 service, 2 servers, 1 worker on pcap:' "$work/log"
check "with --modern" replay "$golden/in.pcap,$work/modern.pcap" --modern
check "the same is sent" cmp "$work/modern.pcap" "$golden/out.pcap"

head -c 24 /dev/zero >"$work/bad.pcap"
check "what is no capture file is refused" fails replay "$work/bad.pcap,$work/none.pcap"
check "by its magic" grep -q 'magic 00000000; expected a1b2c3d4' "$work/log"
check "and no output is made" fails test -e "$work/none.pcap"

check "--check needs no --io" "$lvsd" --check --rules "$golden/rules"
check "--check needs --rules" fails "$lvsd" --check
exit $failed
