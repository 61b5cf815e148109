#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# bulk-8.sh ADDRESS PORT SECONDS: eight downloads at once, which is what large replies are.
exec "$LVS_LOAD" bulk "$1" "$2" 8 "$3"
