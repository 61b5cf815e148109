#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# consumer.sh WAY PROGRAM CMAKE SOURCE STAGE WORK: builds consumer/PROGRAM.c in one way that users
# have, runs it, and sees whether it loads the shared library exactly when it should.
set -eu -o pipefail
way=$1 program=$2 cmake=$3 source=$4 stage=$5 work=$6
code=$source/tests/package/consumer
: "${CC:=cc}"

if [ "$program" = consumer_xdp ]; then
	package=liblvs-xdp target=liblvs::xdp components=xdp
elif [ "$program" = consumer_io ]; then
	package=liblvs-io target=liblvs::io components=io
else
	package=liblvs target=liblvs::lvs components=
fi

# with_cmake DIRECTORY OPTION...
with_cmake() {
	"$cmake" -S "$1" -B "$work/build" -G Ninja -DCMAKE_C_COMPILER="$CC" "-DPROGRAM=$program" "${@:2}" &&
		"$cmake" --build "$work/build" && cp "$work/build/$program" "$work/$program"
}

# find_package PREFIX TARGET
with_find_package() {
	with_cmake "$code" "-DCMAKE_PREFIX_PATH=$1/usr" "-DTARGET=$2" "-DCOMPONENTS=$components"
}

# with_pkg_config PREFIX [--static]
with_pkg_config() {
	local flags
	PKG_CONFIG_PATH=$(dirname "$(find "$1" -name liblvs.pc)")
	export PKG_CONFIG_PATH
	flags=$(pkg-config ${2+"$2"} --cflags --libs "$package")
	echo "$package: $flags"
	# shellcheck disable=SC2086 # a list of words
	"$CC" -std=c11 -Wall -Wextra -Werror "$code/$program.c" -o "$work/$program" $flags
}

rm -rf "$work"
mkdir -p "$work"
shared=0
case $way in
find-shared) shared=1 && with_find_package "$stage/all" $target ;;
find-static) with_find_package "$stage/all" ${target}_static ;;
pkgconfig-shared) shared=1 && with_pkg_config "$stage/all" ;;
pkgconfig-static) with_pkg_config "$stage/static" --static ;;
subproject)
	with_cmake "$source/tests/package/subproject" "-DLVS_SOURCE=$source" "-DTARGET=${target}_static"
	;;
*) exit 2 ;;
esac

libdir=$(dirname "$(find "$stage/all" -name liblvs.so)")
needed=$(readelf -d "$work/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
echo "$program needs: ${needed//$'\n'/ }"
LD_LIBRARY_PATH=$libdir "$work/$program"
loaded=0
if grep -q '^liblvs' <<<"$needed"; then
	loaded=1
fi
[ "$loaded" = "$shared" ]
