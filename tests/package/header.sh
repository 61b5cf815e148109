#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# header.sh INCLUDE HEADER: the header alone is valid C11 and C++17, for gcc and clang.
set -eu
flags='-Wall -Wextra -pedantic -Werror -fsyntax-only'

for tool in gcc clang g++ clang++; do
	if ! command -v "$tool" >/dev/null; then
		echo "no $tool here"
		exit 77
	fi
done
for tool in 'gcc -std=c11 -xc' 'clang -std=c11 -xc' 'g++ -std=c++17 -xc++' 'clang++ -std=c++17 -xc++'; do
	echo "$tool: $2"
	# shellcheck disable=SC2086 # lists of words
	echo "#include <$2>" | $tool $flags -I"$1" -
done
