#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# bulk-1.sh ADDRESS PORT SECONDS: one download, which is what large replies are.
exec "$LVS_LOAD" bulk "$1" "$2" 1 "$3"
