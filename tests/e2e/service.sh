#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsd as its unit runs it: a user with two capabilities, a service manager that listens.
#
#     lib-service.py <--- $NOTIFY_SOCKET --- lvsd --config lvsd.yaml, at d0
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"

must host director
must host client
must wire client c0 director d0
must on director addr add 192.0.2.1/24 dev d0
chmod 755 "$HOSTS_WORK"
mkdir "$HOSTS_WORK/proc"
must mount -t proc proc "$HOSTS_WORK/proc"
# shellcheck disable=SC2034 # finish
at director python3 "$E2E/lib-service.py" "$LVSD" "$HOSTS_WORK" || failed=1
finish
