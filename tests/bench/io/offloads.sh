#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# offloads.sh on|off LINKS: of every link that the file names, "HOST DEVICE" a line. Not every link takes all.
while read -r host devices; do
	# shellcheck disable=SC2016 # of the inner shell
	nsenter --net="/run/netns/lvs-$host" -- sh -c 'state=$1 && shift
		for device; do
			ethtool -K "$device" tso "$state" gso "$state" gro "$state" tx "$state" rx "$state"
		done' sh "$1" $devices >/dev/null 2>&1
done < <(awk '{ of[$1] = of[$1] " " $2 } END { for (host in of) print host of[host] }' "$2")
