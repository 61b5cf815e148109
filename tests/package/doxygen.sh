#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# doxygen.sh SOURCE WORK VERSION: the reference builds, and every public item is documented.
set -eu
command -v doxygen >/dev/null || { echo "no doxygen here" && exit 77; }
"$1/docs/reference.sh" "$1" "$2" "$3"
for page in errors reasons; do
	[ "$(grep -c '^| ' "$2/$page.md")" -gt 10 ] || { echo "$page.md has no rows" && exit 1; }
done
