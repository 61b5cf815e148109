#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# udp-64.sh ADDRESS PORT SECONDS: datagrams with 64 bytes in them, in sixteen flows.
exec "$LVS_LOAD" datagrams "$1" "$2" 64 "$3"
