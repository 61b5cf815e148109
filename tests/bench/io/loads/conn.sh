#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# conn.sh ADDRESS PORT SECONDS: a connection for each request, 32 at once.
exec wrk -t 1 -c 32 -d "$3" -s "${0%/*}/wrk.lua" -H 'Connection: close' "http://$1:$2/"
