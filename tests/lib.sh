# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What tests/run and its suites share: results, builds, packages.

LVS_BUILD=${LVS_BUILD:-$ROOT/build}
LVS_JOBS=${LVS_JOBS:-$(nproc)}
mkdir -p "$LVS_BUILD"
LVS_BUILD=$(cd "$LVS_BUILD" && pwd)
export LVS_BUILD LVS_JOBS

# result pass|fail|skip NAME [REASON]: one test's outcome.
result() {
	local word
	printf '%s\t%s\t%s\t%s\n' "$LVS_SUITE" "$1" "$2" "${3:-}" >>"$LVS_RESULTS"
	case $1 in
	pass) word=ok ;;
	fail) word='not ok' ;;
	*) word=skip ;;
	esac
	printf '%s - %s%s\n' "$word" "$2" "${3:+: $3}"
}

# totals SUITE|all: the counts in words.
totals() {
	awk -F '\t' -v suite="$1" '
		suite == "all" || $1 == suite { n[$2]++ }
		END { printf "%d passed, %d failed, %d skipped\n", n["pass"], n["fail"], n["skip"] }
	' "$LVS_RESULTS"
}

# finish [STATUS]: the end; its status without one is whether something failed.
finish() {
	local failed
	failed=$(awk -F '\t' '$2 == "fail" { print "  " $1 ": " $3 ($4 ? ": " $4 : "") }' "$LVS_RESULTS")
	printf '\n'
	[ -z "$failed" ] || printf 'failed:\n%s\n' "$failed"
	printf 'took %d min %d s\n' $((SECONDS / 60)) $((SECONDS % 60))
	totals all
	[ -z "$failed" ]
	exit "${1:-$?}"
}

# check NAME COMMAND...: one test that is a command; its output shows only when it fails.
check() {
	local name=$1 log status=0
	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	case $status in
	0) result pass "$name" ;;
	77) result skip "$name" "$(tail -n 1 "$log")" ;;
	*)
		tail -n 60 "$log"
		result fail "$name" "status $status"
		;;
	esac
	rm -f "$log"
	return "$status"
}

# fresh DIRECTORY: the option to make it anew, when it was made elsewhere and copied.
fresh() {
	if ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$1/CMakeCache.txt" ||
		! grep -qxF "CMAKE_CACHEFILE_DIR:INTERNAL=$1" "$1/CMakeCache.txt"; then
		echo --fresh
	fi 2>/dev/null
}

# configure PRESET [OPTION...]: makes LVS_BUILD/PRESET; false, and a failed test, when it cannot.
configure() {
	local log=$LVS_BUILD/$1.log dir=$LVS_BUILD/$1
	# shellcheck disable=SC2046 # one word or none
	cmake --preset "$1" -B "$dir" $(fresh "$dir") "${@:2}" >"$log" 2>&1 && return 0
	tail -n 40 "$log"
	result fail "configuration of $1"
	return 1
}

# build PRESET [OPTION...]: also builds it, or LVS_TARGET of it.
build() {
	local log=$LVS_BUILD/$1.log
	configure "$@" || return
	cmake --build "$LVS_BUILD/$1" ${LVS_TARGET:+--target "$LVS_TARGET"} -j "$LVS_JOBS" 2>&1 | tee "$log" | tenths "$1"
	[ "${PIPESTATUS[0]}" -eq 0 ] && return 0
	grep -vE '^(\[[0-9]+/[0-9]+\]|: && |/[^ ]*/(gcc|clang|cc) )' "$log" | head -n 60
	result fail "build of $1"
	return 1
}

# Of ninja's lines "[3/210] ...", one for each tenth of the way.
tenths() {
	awk -v name="$1" -F '[][/]' '
		/^\[[0-9]+\/[0-9]+\]/ && int(10 * $2 / $3) > shown && $3 >= 20 {
			shown = int(10 * $2 / $3)
			printf "   %s: %d of %d\n", name, $2, $3
			fflush()
		}'
}

# run_ctest PRESET CTEST_ARGUMENT...: counts each test; shows the output of those that fail.
run_ctest() {
	local preset=$1 dir=$LVS_BUILD/$1 wrap=()
	# The thread sanitizer of these compilers cannot bear all places that new kernels choose.
	if [ "$preset" = tsan ] && setarch "$(uname -m)" -R true 2>/dev/null; then
		wrap=(setarch "$(uname -m)" -R)
	fi
	shift
	"${wrap[@]}" ctest --test-dir "$dir" -j "$LVS_JOBS" --timeout 300 --output-on-failure "$@" 2>&1 |
		tee "$dir/ctest.log" | grep --line-buffered -vE '^( +Start |Internal ctest|Test project)'
	ctest_results "$dir/ctest.log" | while IFS=$'\t' read -r word name reason; do
		if [ "$word" = skip ]; then
			reason=$(ctest_reason "$dir" "$name")
		fi
		result "$word" "$preset: $name" "$reason" >/dev/null
		[ "$word" = pass ] || printf '%s - %s: %s\n' "$word" "$name" "$reason"
	done
	grep -q 'No tests were found' "$dir/ctest.log" && result fail "ctest $*" "no tests were found"
	return 0
}

# ctest's lines " 3/40 Test  #3: name .....   Passed    0.01 sec" as: outcome, name, reason.
ctest_results() {
	awk '
		/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
			line = $0
			sub(/^.*Test +#[0-9]+: /, "", line)
			name = line
			sub(/ .*$/, "", name)
			outcome = "fail"
			if (line ~ /\*\*\*Skipped/) outcome = "skip"
			else if (line ~ / Passed +[0-9.]+ sec/) outcome = "pass"
			reason = ""
			if (outcome == "fail") { reason = line; sub(/^[^*]*\*\*\*/, "", reason); sub(/ *[0-9.]+ sec.*/, "", reason) }
			print outcome "\t" name "\t" reason
		}' "$1"
}

# The last line that a skipped test printed.
ctest_reason() {
	awk -v name="$2" '
		$0 ~ "^[0-9]+/[0-9]+ Test(ing)?: " { mine = ($NF == name); next }
		mine && /^<end of output>/ { print last; exit }
		mine && NF { last = $0 }' "$1/Testing/Temporary/LastTest.log"
}

# Debian packages, how to see that each is there, and the suites that need it; none: all.
LVS_PACKAGES='
gcc             command -v gcc
libc6-dev       test -e /usr/include/stdio.h
cmake           command -v cmake
ninja-build     command -v ninja
pkg-config      command -v pkg-config
check           pkg-config --exists check         # build-dev build-clang unit sanitizers tsan static package e2e bulk tidy-tests release clang-sanitizers fuzz torture coverage
libmnl-dev      pkg-config --exists libmnl
libyaml-dev     pkg-config --exists yaml-0.1
libcap-ng-dev   pkg-config --exists libcap-ng
libmicrohttpd-dev pkg-config --exists libmicrohttpd
libxdp-dev      pkg-config --exists libxdp        # build-dev build-clang unit sanitizers static package e2e clang-sanitizers
libuv1-dev      pkg-config --exists libuv         # build-dev build-clang unit sanitizers static package e2e clang-sanitizers
libbpf-dev      pkg-config --exists libbpf        # build-dev build-clang unit sanitizers static package e2e clang-sanitizers
linux-libc-dev  test -e /usr/include/linux/ip_vs.h
g++             command -v g++                      # package
clang           command -v clang                    # build-dev build-clang unit sanitizers static tidy-tests package e2e clang-sanitizers fuzz
libclang-rt-14-dev ls /usr/lib/llvm-14/lib/clang/14*/lib/linux/libclang_rt.asan-*.a # clang-sanitizers fuzz
binutils        command -v readelf                  # package
doxygen         command -v doxygen                  # package
clang-format    command -v clang-format             # static
clang-tidy      command -v clang-tidy               # static tidy-tests
cppcheck        command -v cppcheck                 # static
shellcheck      command -v shellcheck               # static
mandoc          command -v mandoc                   # static
valgrind        command -v valgrind                 # count
python3         command -v python3                  # unit sanitizers e2e bulk kernel kernel-long
tshark          command -v tshark                   # unit
iproute2        command -v ip                       # e2e bulk demo kernel kernel-long
nftables        command -v nft                      # e2e bulk demo kernel kernel-long
ethtool         command -v ethtool                  # e2e bulk
keepalived      command -v keepalived               # e2e bulk
openssl         command -v openssl                  # bulk
chromium        command -v chromium                 # bulk
iputils-ping    command -v ping                     # e2e bulk
procps          command -v sysctl                   # e2e bulk
curl            command -v curl                     # e2e bulk demo kernel
tcpdump         command -v tcpdump                  # e2e
nginx-light     command -v nginx                    # e2e bulk demo kernel
vsftpd          command -v vsftpd                   # e2e
dnsmasq-base    command -v dnsmasq                  # demo
ipvsadm         command -v ipvsadm                  # e2e kernel kernel-long
qemu-system-x86 command -v qemu-system-x86_64       # kernel kernel-long
'

# packages_missing SUITE...
packages_missing() {
	local package probe needs suite
	while read -r package probe; do
		needs=" ${probe##*# } "
		[[ $probe == *'# '* ]] || needs=
		for suite; do
			if [ -n "$package" ] && [[ -z $needs || $needs == *" $suite "* ]]; then
				sh -c "$probe" >/dev/null 2>&1 || printf '%s ' "$package"
				break
			fi
		done
	done <<<"$LVS_PACKAGES"
}

# install_missing SUITE...: installs what these suites miss, as root; else says what to install.
install_missing() {
	local missing
	PATH=$PATH:/usr/sbin:/sbin
	export PATH
	read -ra missing <<<"$(packages_missing "$@")"
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		result fail packages "please install, as root: apt-get install ${missing[*]}"
		return 1
	fi
	echo "tests/run: installing with apt-get: ${missing[*]}"
	if ! install_packages "${missing[@]}"; then
		result fail packages "apt-get could not install: ${missing[*]}"
		return 1
	fi
}

# Without starting the services that come with them: Debian would, were there no policy.
install_packages() {
	local policy=/usr/sbin/policy-rc.d status=0
	if [ -e "$policy" ]; then
		policy=
	else
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update && apt-get install -y --no-install-recommends "$@"; } </dev/null || status=$?
	[ -z "$policy" ] || rm -f "$policy"
	return "$status"
}
