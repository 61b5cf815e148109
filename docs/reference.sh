#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# reference.sh SOURCE WORK VERSION: the reference as HTML in WORK/doc/html. Fails where a public
# item is not documented.
set -eu
source=$1 work=$2 version=$3

# list HEADER MACRO ROW: a table from one of the lists that the library itself is made of.
list() {
	printf '#include <liblvs/%s>\n#define ROW%s\n@@@ %s(ROW)\n' "$1" "$3" "$2" |
		gcc -E -P -I"$source/include" - | sed -n '/@@@/,$p' | sed 's/@@@//; s/;;/\n/g' |
		sed -n 's/^ *\[\(.*\)\] *$/\1/p' | sed 's/" "//g; s/"//g'
}

mkdir -p "$work"
{
	printf '# Errors {#errors}\n\n| name | number | meaning |\n| --- | --- | --- |\n'
	list error.h LVS_ERRORS '(n, i, t) [| LVS_ERR_##n | -i | t |];;'
} >"$work/errors.md"
{
	printf '# Reasons {#reasons}\n\n| name | verdict | meaning |\n| --- | --- | --- |\n'
	list reason.h LVS_REASONS '(n, l, v, t) [| l | v | t |];;'
} >"$work/reasons.md"

sed -e "s|@PROJECT_VERSION@|$version|" -e "s|@PROJECT_BINARY_DIR@|$work|" \
	"$source/docs/Doxyfile.in" >"$work/Doxyfile"
cd "$source"
doxygen "$work/Doxyfile"

# Doxygen before 1.9.8 says nothing of enumerators without a sentence.
awk '
	/<enumvalue / { name = ""; described = 0 }
	/<name>/ { name = $0; gsub(/<[^>]*>| /, "", name) }
	/<para>/ { described = 1 }
	/<\/enumvalue>/ && !described { print FILENAME ": " name " is not documented"; bad = 1 }
	END { exit bad }' "$work"/doc/xml/*_8h.xml
