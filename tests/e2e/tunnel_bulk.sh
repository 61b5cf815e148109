#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# bulk.sh, which has the drawing, for the tunnels GUE and GRE.
exec "$(dirname "$0")/bulk.sh" "${1:?usage: tunnel_bulk.sh BUILD-DIRECTORY [MEGABYTES]}" "${2:-5}" gue-packet gue-tun gre-packet gre-tun
