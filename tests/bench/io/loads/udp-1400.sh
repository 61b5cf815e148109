#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# udp-1400.sh ADDRESS PORT SECONDS: datagrams with 1400 bytes in them, in sixteen flows.
exec "$LVS_LOAD" datagrams "$1" "$2" 1400 "$3"
