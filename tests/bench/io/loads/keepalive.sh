#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# keepalive.sh ADDRESS PORT SECONDS: 32 connections, one request after the other on each.
exec wrk -t 1 -c 32 -d "$3" -s "${0%/*}/wrk.lua" "http://$1:$2/"
