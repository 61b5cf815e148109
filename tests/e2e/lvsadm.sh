#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsadm beside Debian's ipvsadm: the same command lines, the same words.
#
#     command lines --+--> lvsadm ---------------+--> message, status: the same
#                     +--> ipvsadm (with a shim) +
#
set -u
build=${1:?usage: lvsadm.sh BUILD-DIRECTORY}
here=$(cd "$(dirname "$0")" && pwd)
lvsadm=$build/examples/lvsadm/lvsadm
shim=$build/tests/e2e/lvsadm_shim.so
failed=0
[ -x "$lvsadm" ] || { echo "lvsadm is not built" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...
check() {
	local name=$1
	shift
	if "$@" >"$work/check" 2>&1; then echo "ok - $name"; else
		tail -n 20 "$work/check"
		echo "not ok - $name"
		failed=1
	fi
}

if command -v ipvsadm >/dev/null; then
	check "the same words as ipvsadm for 600 command lines" \
		python3 "$here/lib-lvsadm.py" "$lvsadm" "$shim" --random 150 --seed "${LVS_SEED:-1}"
else
	echo "skip - ipvsadm is missing"
fi
exit "$failed"
