# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lvsd by AF_XDP, where it was built with it.
# shellcheck disable=SC2034 # paths.sh
MODES=(nat dr tun)

path_missing() {
	"$LVSD" --check --io xdp:lo --rules /dev/null 2>&1 | grep -o 'this lvsd was built without.*'
}

path() {
	lvsd_path xdp:
}
