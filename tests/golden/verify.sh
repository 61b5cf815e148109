#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs verify.py where there is a python3.
if ! command -v python3 >/dev/null; then
	echo "skipped: there is no python3"
	exit 77
fi
exec python3 -B "$(dirname "$0")/verify.py" "$@"
