#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Large files through a director before two directors, the first by direct routing or by tunnel.
#
#    client ==+== first director
#             |
#             +== nat1 ==+= rs1, rs2
#             |
#             +== nat2 ==+= rs3, rs4
#
set -u
. "$(dirname "$0")/lib.sh"
# shellcheck source=examples/demo.d/proof.sh
. "$E2E/../../examples/demo.d/proof.sh"
# shellcheck source=examples/demo.d/nested.sh
. "$E2E/../../examples/demo.d/nested.sh"
begin "$@"

set_up() { # dr|tun 4|6
	FIRST=$1 LVSD_PIDS=()
	family "$2"
	must nested_prepare
	for name in $SERVERS; do
		ln -s "$HOSTS_WORK/large" "$HOSTS_WORK/$name/files/"
	done
}
all_stop() {
	local pid
	for pid in "${LVSD_PIDS[@]}"; do
		stop "$pid" || return
	done
}
tear_down() {
	check "$1: each lvsd ends well" all_stop
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

# down: twice, by each director of the second layer once.
down() {
	for _ in 1 2; do
		at client curl -sS --max-time 30 "$(nested_url)/files/large" | cmp - "$HOSTS_WORK/large" || return
	done
}
up() {
	uploaded "$HOSTS_WORK/up" "$(nested_url)" && uploaded "$HOSTS_WORK/up" "$(nested_url)"
}

head -c 20M /dev/urandom >"$HOSTS_WORK/large"
head -c 10M "$HOSTS_WORK/large" >"$HOSTS_WORK/up"
for first in dr tun; do
	for number in 4 6; do
		set_up $first $number
		name="$first, $FAMILY_NAME"
		check "$name: 20 MB down, by either" down
		check "$name: 10 MB up, by either" up
		check "$name: no reply passed the first director" equal "$(counted director replies)" 0
		check "$name: by a NAT director each" equal "$(counted client other_way)" 0
		tear_down "$name"
	done
done
finish
