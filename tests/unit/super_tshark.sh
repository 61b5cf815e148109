#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whether tshark finds every checksum of what test_super writes, and finds them good: IP, TCP,
# UDP and GRE, those inside of tunnels and of what it puts together from fragments too.
set -u
program=${1:?usage: super_tshark.sh TEST_SUPER}
command -v tshark >/dev/null || { echo "skipped: there is no tshark" && exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

LVS_SUPER_PCAP=$work/pcap "$program" >"$work/expected" || { cat "$work/expected" && exit 1; }
read -r _ frames _ ipv4 _ tcp _ udp _ none _ gre <<<"$(grep '^frames ' "$work/expected")"
# A home of its own: someone's settings could leave out a check.
HOME=$work XDG_CONFIG_HOME=$work tshark -n -r "$work/pcap" -T fields -E separator=/t \
	-o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
	-o ip.defragment:TRUE -o ipv6.defragment:TRUE -o tcp.desegment_tcp_streams:FALSE \
	-e ip.checksum.status -e tcp.checksum.status -e udp.checksum.status -e gre.checksum.status \
	>"$work/statuses" 2>"$work/errors" || { cat "$work/errors" && exit 1; }

# 1 is good, 0 bad, 3 not there, 4 not there in IPv6, where it should be.
statuses() { # COLUMN STATUS...
	cut -f "$1" "$work/statuses" | tr , '\n' | grep -cE "^(${*:2})\$"
}

failed=0
is() { # WHAT NUMBER EXPECTED
	echo "$1: $2, expected $3"
	[ "$2" -eq "$3" ] || failed=1
}
is "frames" "$(wc -l <"$work/statuses")" "$frames"
is "IPv4 header checksums, good" "$(statuses 1 1)" "$ipv4"
is "IPv4 header checksums, other" "$(statuses 1 '[^1].*')" 0
is "TCP checksums, good" "$(statuses 2 1)" "$tcp"
is "TCP checksums, other" "$(statuses 2 '[^1].*')" 0
is "UDP checksums, good" "$(statuses 3 1)" "$udp"
is "UDP without a checksum, as it came" "$(statuses 3 '[34]')" "$none"
is "UDP checksums, other" "$(statuses 3 '[^134].*')" 0
is "GRE checksums, good" "$(statuses 4 1)" "$gre"
is "GRE checksums, other" "$(statuses 4 '[^1].*')" 0
# Enough of each, or this was a test of nothing.
for n in $ipv4 $tcp $udp $gre; do
	[ "$n" -gt 5000 ] || failed=1
done
exit $failed
