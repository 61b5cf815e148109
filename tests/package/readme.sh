#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# readme.sh SOURCE STAGE WORK: the README's program compiles and prints what the README says.
set -eu -o pipefail
source=$1 stage=$2 work=$3
: "${CC:=cc}"

# block LANGUAGE: the first fenced block of that language.
block() {
	awk -v fence="\`\`\`$1" '
		$0 == fence { if (!seen++) { inside = 1; next } }
		/^```$/ { inside = 0 }
		inside' "$source/README.md"
}

rm -rf "$work"
mkdir -p "$work"
block c >"$work/readme.c"
block output >"$work/expected"
[ -s "$work/readme.c" ] && [ -s "$work/expected" ]
PKG_CONFIG_PATH=$(dirname "$(find "$stage/all" -name liblvs.pc)")
export PKG_CONFIG_PATH
libdir=$(dirname "$(find "$stage/all" -name liblvs.so)")
# shellcheck disable=SC2046 # a list of words
"$CC" -std=c11 -Wall -Wextra -Werror "$work/readme.c" -o "$work/readme" \
	$(pkg-config --cflags --libs liblvs)
LD_LIBRARY_PATH=$libdir "$work/readme" | diff "$work/expected" -
