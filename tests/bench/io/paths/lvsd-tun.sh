# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lvsd by a TUN device, into which the host routes; no direct routing there.
# shellcheck disable=SC2034 # paths.sh
MODES=(nat tun)

path() {
	lvsd_path tun:lvs-tun,
}
