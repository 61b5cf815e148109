#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The reference as HTML. Fails where a public item is not documented. See --help.
set -eu

usage() {
	cat <<'END'
usage: docs/reference.sh [SOURCE [WORK [VERSION]]]

Makes the reference as HTML in WORK/doc/html, from the headers and from docs/.

  SOURCE   the tree (default: the one that this script is in)
  WORK     where to make it (default: SOURCE/build/reference)
  VERSION  what it says (default: that of SOURCE/CMakeLists.txt)

Needs doxygen and gcc: apt-get install doxygen gcc
END
}

case ${1:-} in
--help | -h) usage && exit 0 ;;
-*) echo "docs/reference.sh: no option \"$1\"; try --help" >&2 && exit 2 ;;
esac
for need in doxygen gcc; do
	command -v $need >/dev/null && continue
	echo "docs/reference.sh: $need is missing: apt-get install $need" >&2
	exit 1
done
source=${1:-$(dirname "$(readlink -f "$0")")/..}
source=$(cd "$source" && pwd)
work=${2:-$source/build/reference}
mkdir -p "$work"
work=$(cd "$work" && pwd)
version=${3:-$(sed -n 's/^project(liblvs VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")}

# list HEADER MACRO ROW: a table from one of the lists that the library itself is made of.
list() {
	printf '#include <liblvs/%s>\n#define ROW%s\n@@@ %s(ROW)\n' "$1" "$3" "$2" |
		gcc -E -P -I"$source/include" - | sed -n '/@@@/,$p' | sed 's/@@@//; s/;;/\n/g' |
		sed -n 's/^ *\[\(.*\)\] *$/\1/p' | sed 's/" "//g; s/"//g'
}

{
	printf '# Errors {#errors}\n\n| name | number | meaning |\n| --- | --- | --- |\n'
	list error.h LVS_ERRORS '(n, i, t) [| LVS_ERR_##n | -i | t |];;'
} >"$work/errors.md"
{
	printf '# Reasons {#reasons}\n\n| name | verdict | meaning |\n| --- | --- | --- |\n'
	list reason.h LVS_REASONS '(n, l, v, t) [| l | v | t |];;'
} >"$work/reasons.md"

for example in "$source"/examples/*.c; do
	printf '/** @example %s */\n' "$(basename "$example")"
done >"$work/examples.dox"

sed -e "s|@PROJECT_VERSION@|$version|" -e "s|@PROJECT_BINARY_DIR@|$work|g" \
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
echo "The reference is in $work/doc/html/index.html"
