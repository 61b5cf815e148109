#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# install.sh CMAKE BUILD STAGE: installs below a DESTDIR, component by component, and looks at what
# each brought. STAGE/all is what the consumers use; STAGE/static has no shared library in it.
set -eu
cmake=$1 build=$2 stage=$3

rm -rf "$stage"
mkdir -p "$stage"
for component in runtime development tools; do
	mkdir "$stage/$component"
	DESTDIR=$stage/$component "$cmake" --install "$build" --prefix /usr --component "$component" \
		>/dev/null
done
DESTDIR=$stage/all "$cmake" --install "$build" --prefix /usr >/dev/null
cp -a "$stage/all" "$stage/static"
find "$stage/static" -name '*.so*' -delete

wrong() {
	echo "$1"
	exit 1
}

cd "$stage"
others=$(find runtime -mindepth 1 -not -type d -not -name '*.so.*')
[ -z "$others" ] || wrong "not for the component runtime: $others"
others=$(find development -mindepth 1 -not -type d -name '*.so.*')
[ -z "$others" ] || wrong "not for the component development: $others"
others=$(find tools -mindepth 1 -not -type d -not -path '*bin/*' -not -path '*/man/*' -not -path '*/doc/*' -not -path '*/systemd/*' \
	-not -path '*/bash-completion/*' -not -name liblvs-run.so)
[ -z "$others" ] || wrong "not for the component tools: $others"
for file in liblvs.so.0 liblvs.so liblvs.a liblvs.pc liblvsConfig.cmake liblvs.h; do
	[ -n "$(find all -name "$file")" ] || wrong "not installed: $file"
done
parts=$(for part in runtime development tools; do (cd "$part" && find . -not -type d); done | sort)
[ "$parts" = "$(cd all && find . -not -type d | sort)" ] ||
	wrong "a file is in no component, or in two"
lvsd=$(find all -name lvsd -type f -perm -u+x)
[ -z "$lvsd" ] || env -u LD_LIBRARY_PATH "$lvsd" --version || wrong "lvsd does not find its libraries"
if grep -rF "$stage" all --include='*.pc' --include='*.cmake' ||
	grep -rF "$build" all --include='*.pc' --include='*.cmake'; then
	wrong "these files name a place of the build"
fi
