#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# unit.sh STAGE WORK: systemd takes lvsd's unit and its drop-in, and finds little to say of what they leave open.
set -eu -o pipefail
stage=$1 work=$2
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is missing" && exit 77; }

unit=$(find "$stage/all" -name lvsd.service)
lvsd=$(find "$stage/all" -name lvsd -type f -perm -u+x)
rm -rf "$work"
mkdir -p "$work/lvsd.service.d"
# The program where it lies here, and a manual that man finds.
sed "s|^ExecStart=[^ ]*|ExecStart=$lvsd|; /^Documentation/d" "$unit" >"$work/lvsd.service"
fine() {
	systemd-analyze verify --man=no --recursive-errors=no "$work/lvsd.service" 2>&1 | tee "$work/said"
	[ ! -s "$work/said" ]
}
# security MAXIMUM: the exposure that it computes, in tenths.
security() {
	systemd-analyze security --offline=true --no-pager --threshold="$1" "$work/lvsd.service" >"$work/security" ||
		{ tail -n 1 "$work/security" && return 1; }
}
fine
security 25
find "$stage/all" -name lvsd-xdp.conf -exec cp {} "$work/lvsd.service.d/xdp.conf" \;
[ -s "$work/lvsd.service.d/xdp.conf" ]
fine
security 29
# Each hardening that must not get lost.
for line in DynamicUser=yes NoNewPrivileges=yes ProtectSystem=strict RuntimeDirectory=lvsd Type=notify WatchdogSec=10 \
	'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW' 'AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW'; do
	grep -qx "$line" "$unit" || { echo "the unit lacks $line" && exit 1; }
done
