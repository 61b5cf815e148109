# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lvsd by AF_XDP, where it was built with it.
# shellcheck disable=SC2034 # paths.sh
MODES=(nat dr tun)

path_missing() {
	"$LVSD" --help | grep -q -- '--io xdp:' || echo "this lvsd was built without xdp"
}

path() {
	lvsd_path xdp:
}
