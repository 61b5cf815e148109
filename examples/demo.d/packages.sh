# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the demo needs beside a Debian 12: packages, and how to see that each is there.

PACKAGES='
gcc             command -v gcc
libc6-dev       test -e /usr/include/stdio.h
cmake           command -v cmake
ninja-build     command -v ninja
pkg-config      command -v pkg-config
libmnl-dev      pkg-config --exists libmnl
libyaml-dev     pkg-config --exists yaml-0.1
libcap-ng-dev   pkg-config --exists libcap-ng
libmicrohttpd-dev pkg-config --exists libmicrohttpd
linux-libc-dev  test -e /usr/include/linux/if_tun.h
iproute2        command -v ip
nftables        command -v nft
nginx-light     command -v nginx
curl            command -v curl
dnsmasq-base    command -v dnsmasq
'

packages_missing() {
	local package probe
	while read -r package probe; do
		[ -z "$package" ] || sh -c "$probe" >/dev/null 2>&1 || printf '%s ' "$package"
	done <<<"$PACKAGES"
}

# Debian starts a service when it installs one. The demo runs its own nginx, and wants no other.
packages_install() (
	policy=/usr/sbin/policy-rc.d status=0
	if [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT
		trap 'exit 1' INT TERM
		printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy
	fi
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update && apt-get install -y --no-install-recommends "$@"; } >&2 </dev/null || status=$?
	if [[ " $* " == *' nginx-light '* ]]; then
		update-rc.d nginx disable >/dev/null 2>&1
		systemctl disable nginx >/dev/null 2>&1
	fi
	exit $status
)

# Installs what is missing, as root; else says what to install.
packages_ready() {
	local missing
	read -ra missing <<<"$(packages_missing)"
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "demo: please install, as root: apt-get install ${missing[*]}" >&2
		return 1
	fi
	echo "demo: installing with apt-get: ${missing[*]}" >&2
	packages_install "${missing[@]}" && return
	echo "demo: apt-get could not install: ${missing[*]}" >&2
	return 1
}
