# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lvsd by AF_PACKET.
# shellcheck disable=SC2034 # paths.sh
MODES=(nat dr tun)

path() {
	lvsd_path packet:
}
