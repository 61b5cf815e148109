#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What the libraries show and need:
#   symbols.sh declared lvs|lvs-io|lvs-xdp MAP INCLUDE
#                                               the map lists what the headers declare with LVS_API
#   symbols.sh exported MAP LIBRARY             the shared library exports the map, under its nodes
#   symbols.sh needed lvs|lvs-io|lvs-xdp LIBRARY
#                                               it needs no other library than it may
#   symbols.sh data ARCHIVE                     no writable data, no constructors in any object
set -eu -o pipefail
export LC_ALL=C

# The symbols of a map, as "symbol node".
map_symbols() {
	awk '
		/\{/ { node = $1 }
		/^\t?[a-z_0-9]+;$/ { sub(/;/, ""); print $1, node }' "$1" | sort
}

# The functions that the preprocessed headers on standard input declare for export.
declared_in() {
	gcc -E -P -I"$1" - | tr '\n' ' ' | tr ';' '\n' | grep -F 'visibility("default")' |
		grep -oE 'lvs_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u
}

includes() {
	printf '#include <liblvs/%s>\n' "$@"
}

# The core declares what liblvs.h brings in, liblvs-xdp what xdp.h declares; liblvs-io the rest.
declared() {
	local headers core all most
	mapfile -t headers < <(cd "$2/liblvs" && ls ./*.h)
	core=$(includes liblvs.h | declared_in "$2")
	all=$(includes "${headers[@]}" | declared_in "$2")
	mapfile -t headers < <(cd "$2/liblvs" && find . -name '*.h' ! -name xdp.h | sort)
	most=$(includes "${headers[@]}" | declared_in "$2")
	case $1 in
	lvs) printf '%s\n' "$core" ;;
	lvs-io) comm -13 <(printf '%s\n' "$core") <(printf '%s\n' "$most") ;;
	lvs-xdp) comm -13 <(printf '%s\n' "$most") <(printf '%s\n' "$all") ;;
	esac
}

same() {
	if ! diff "$1" "$2"; then
		echo "< only in $3; > only in $4"
		return 1
	fi
}

# A missing file must not look like one without faults.
for file in "${@:2}"; do
	[ -e "$file" ] || [[ $file =~ ^lvs(-io|-xdp)?$ ]] || { echo "no $file" && exit 1; }
done

case $1 in
declared)
	same <(map_symbols "$3" | cut -d ' ' -f 1) <(declared "$2" "$4") "the map" "the headers"
	;;
exported)
	same <(map_symbols "$2") \
		<(nm -D --defined-only "$3" | awk '$2 != "A" { sub(/@@/, " ", $3); print $3 }' | sort) \
		"the map" "the library"
	if nm -D --defined-only "$3" | awk '$2 != "A" && $3 !~ /^lvs_/ { print; bad = 1 } END { exit !bad }'; then
		echo "these names are not lvs_*"
		exit 1
	fi
	;;
needed)
	allowed='libc\.so\.[0-9]+'
	[ "$2" = lvs ] || allowed="$allowed|liblvs\\.so\\.[0-9]+|libmnl\\.so\\.[0-9]+"
	[ "$2" != lvs-xdp ] || allowed="$allowed|lib(lvs-io|xdp|bpf)\\.so\\.[0-9]+"
	needed=$(readelf -d "$3" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	echo "needs: ${needed//$'\n'/ }"
	if grep -vxE "$allowed" <<<"$needed"; then
		echo "may need only $allowed"
		exit 1
	fi
	;;
data)
	# .data.rel.ro is constant once the loader is done with it.
	sections=$(objdump -h "$2")
	if awk '
		/file format/ { object = $1 }
		$2 ~ /^\.(data|bss|tdata|tbss|init_array|fini_array|ctors|dtors|preinit_array)/ &&
			$2 !~ /^\.data\.rel\.ro/ && $3 !~ /^0+$/ { print object, $2, "0x" $3; bad = 1 }
		END { exit !bad }' <<<"$sections"; then
		echo "these sections can be written to, or run before main()"
		exit 1
	fi
	symbols=$(nm "$2")
	if grep -E ' C ' <<<"$symbols"; then
		echo "these symbols are common"
		exit 1
	fi
	;;
*)
	exit 2
	;;
esac
