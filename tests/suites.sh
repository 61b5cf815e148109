# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The suites: name, tier (fast; all: only with --all), budget in seconds, purpose. Budgets are for two processors and an
# empty build directory, with room for a busy one; at rest the fast tier takes less than 25 minutes.
LVS_SUITES='
build-dev	fast	150	gcc builds everything, warnings are errors
build-clang	fast	150	clang builds everything, warnings are errors
unit	fast	120	unit tests, golden packets, replay of the fuzz corpora
sanitizers	fast	400	the same under the address and undefined behaviour sanitizers
tsan	fast	150	torture tests and all others with threads, under the thread sanitizer
static	fast	300	clang-format, clang-tidy of lib, of examples in short, cppcheck, shellcheck, manual pages
package	fast	90	consumers, headers, symbols, documentation
count	fast	120	work a packet costs, counted
e2e	fast	400	real hosts in network namespaces
demo	fast	100	the demo: NAT, TUN, DR, nested, DNS, by IPv4 and IPv6
bulk	all	700	bulk and bad paths: ten files of 200 MB at once, 8 MB each way with 5 % loss; more adapters; the page in a browser
kernel	fast	240	the kernel of Debian as the judge: random scenarios, its tunnel ends, VLANs and bonds
kernel-long	all	2000	2,000 random scenarios with 100,000 packets
tidy-tests	all	700	clang-tidy of tests and examples, paths followed
release	all	240	the release build passes the unit tests
clang-sanitizers	all	400	unit tests by clang, with its sanitizers
fuzz	all	900	each fuzz target runs for a while
torture	all	900	torture tests run for long
coverage	all	400	which lines the unit tests run
'

# Scripts with hosts of their own mostly wait, for timeouts and for each other's packets.
LVS_E2E_AT_ONCE=3

suite_names() {
	awk -F '\t' -v tier="$1" 'NF && ($2 == tier || $2 == "fast") { print $1 }' <<<"$LVS_SUITES"
}

suite_known() {
	awk -F '\t' 'NF { print $1 }' <<<"$LVS_SUITES" | grep -qxF -- "$1"
}

suite_field() {
	awk -F '\t' -v name="$1" -v field="$2" '$1 == name { print $field }' <<<"$LVS_SUITES"
}

suite_list() {
	awk -F '\t' '
		NF { printf "%-17s %-4s %4d s  %s\n", $1, $2, $3, $4; sum[$2] += $3 }
		END { printf "budgets: fast %d s, all %d s\n", sum["fast"], sum["fast"] + sum["all"] }
	' <<<"$LVS_SUITES"
}

suite_build_dev() {
	build dev && result pass "build of dev"
}

suite_build_clang() {
	build clang && result pass "build of clang"
}

suite_unit() {
	build dev && run_ctest dev -LE 'package|e2e|bench'
}

suite_sanitizers() {
	build asan && run_ctest asan -LE 'package|e2e|bench'
}

suite_tsan() {
	LVS_TARGET=tests_threads build tsan && run_ctest tsan -L threads
}

suite_static() {
	# shellcheck source=tests/static.sh
	. tests/static.sh
	configure clang && static_checks
}

suite_tidy_tests() {
	# shellcheck source=tests/static.sh
	. tests/static.sh
	configure clang && tidy_tests
}

suite_package() {
	build dev && run_ctest dev -L package
}

suite_count() {
	if [ ! -x tests/bench/run ]; then
		result skip count "there is no tests/bench/run"
		return
	fi
	check "bench count" tests/bench/run count
}

suite_e2e() {
	local script scripts
	mapfile -t scripts < <(find tests/e2e -name '[a-z]*.sh' -not -name 'lib*' | sort)
	if [ ${#scripts[@]} -eq 0 ]; then
		result skip e2e "there are no scripts in tests/e2e"
		return
	fi
	build dev || return
	for script in "${scripts[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge "$LVS_E2E_AT_ONCE" ]; do
			wait -n
		done
		e2e_aside "$script" &
	done
	wait
}

# One script beside others: what it says is shown when it has ended.
e2e_aside() {
	local log started=$SECONDS
	trap : TERM # the script hears it, too: it is waited for
	log=$(mktemp)
	e2e_script "$1" >"$log"
	{
		flock 9
		cat "$log"
		echo "# $1: $((SECONDS - started)) s"
	} 9>>"$LVS_RESULTS"
	rm -f "$log"
}

can_make_namespaces() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -nm true 2>/dev/null
	else
		unshare -Urnm true 2>/dev/null
	fi
}

# The scripts of the suite e2e that carry files, with larger ones, and by more adapters.
suite_bulk() {
	build dev || return
	e2e_script tests/e2e/bulk.sh 200 nat-packet nat-tun tun-packet tun-tun dr-packet
	e2e_script tests/e2e/bulk.sh 50 nat-xdp tun-xdp dr-xdp
	e2e_script tests/e2e/loss.sh 8
	e2e_script tests/e2e/page.sh chromium
	e2e_script tests/e2e/mode_nat.sh xdp
	e2e_script tests/e2e/mode_dr.sh xdp
	e2e_script tests/e2e/mode_tun.sh xdp
	e2e_script tests/e2e/mode_tun.sh tun
	e2e_script tests/e2e/many.sh tun
	e2e_script tests/e2e/many.sh xdp
	e2e_script tests/e2e/keepalived.sh long
}

# e2e_script SCRIPT [ARGUMENT...]: runs it and counts its lines "ok - name", "not ok - name", "skip - name: reason".
e2e_script() {
	local script=$1 log status=0 as_root=() lines
	log=$(mktemp)
	if ! can_make_namespaces; then
		result skip "$script" "this machine lets us make no network namespaces"
		return
	fi
	[ "$(id -u)" -eq 0 ] || as_root=(unshare -Urnm)
	"${as_root[@]}" "$script" "$LVS_BUILD/dev" "${@:2}" </dev/null 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	lines=$(grep -cE '^(ok|not ok|skip) - ' "$log")
	sed -nE "s/^ok - (.*)/pass\t\1\t/p; s/^not ok - (.*)/fail\t\1\t/p;
		s/^skip - ([^:]*): *(.*)/skip\t\1\t\2/p" "$log" |
		while IFS=$'\t' read -r word name reason; do
			result "$word" "$(basename "$script" .sh): $name" "$reason" >/dev/null
		done
	case $status in
	0) [ "$lines" -gt 0 ] || result pass "$script" ;;
	77) [ "$lines" -gt 0 ] || result skip "$script" "$(tail -n 1 "$log")" ;;
	*) grep -q '^not ok - ' "$log" || result fail "$script" "status $status" ;;
	esac
	rm -f "$log"
}

suite_kernel() {
	build dev || return
	kernel_scenarios "seed 1" --seed 1 --scenarios 64
	kernel_scenarios "known" --replay tests/kernel/known/*.steps
	kernel_hosts tunnel
	kernel_hosts links
}

# kernel_scenarios NAME OPTION...: counts scenarios by what the tool's last line says.
kernel_scenarios() {
	local log status=0 last scenarios differences
	log=$(mktemp)
	tests/kernel/diff "${@:2}" >"$log" 2>&1 || status=$?
	last=$(tail -n 1 "$log")
	scenarios=$(sed -n 's/^{"scenarios":\([0-9]*\),.*/\1/p' <<<"$last")
	differences=$(sed -n 's/.*"differences":\([0-9]*\),.*/\1/p' <<<"$last")
	case $status:${scenarios:-none} in
	77:*) result skip "kernel: $1" "$last" ;;
	*:none) result fail "kernel: $1" "status $status: $last" ;;
	0:*) kernel_passed "$1" "$scenarios" ;;
	*) result fail "kernel: $1" "$differences differences in $scenarios scenarios" ;;
	esac
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || grep -v '^\[' "$log" | tail -n 60
	rm -f "$log"
	printf '   %s: %s\n' "$1" "$last"
}

# kernel_passed NAME NUMBER: each scenario is a test.
kernel_passed() {
	local i
	for ((i = 0; i < $2; i++)); do
		result pass "kernel: $1, scenario $i"
	done >/dev/null
}

# kernel_hosts tunnel|links: a tool that tells of cases as the scripts of e2e do.
kernel_hosts() {
	local tool=$1 log status=0
	log=$(mktemp)
	"tests/kernel/$tool" >"$log" 2>&1 || status=$?
	sed -nE "s/^ok - (.*)/pass\t\1/p; s/^not ok - (.*)/fail\t\1/p" "$log" |
		while IFS=$'\t' read -r word name; do
			result "$word" "kernel $tool: $name"
		done
	case $status in
	0 | 1) ;;
	77) result skip "kernel $tool" "$(tail -n 1 "$log")" ;;
	*) result fail "kernel $tool" "$(tail -n 1 "$log")" ;;
	esac
	rm -f "$log"
}

# Ten seeds: 2,000 scenarios with 100,000 packets at least.
suite_kernel_long() {
	build dev || return
	kernel_scenarios "seeds 11 to 20" --seed 11 --seeds 10 --scenarios 200 --packets 50
}

suite_demo() {
	local way
	if [ ! -x examples/demo ]; then
		result skip demo "there is no examples/demo"
		return
	fi
	for way in nat tun dr nested 'nested --first tun' dns; do
		demo_way "$way"
		demo_way "$way --ipv6"
	done
}

# demo_way ARGUMENTS
demo_way() {
	if ! can_make_namespaces; then
		result skip "demo $1" "this machine lets us make no network namespaces"
		return
	fi
	# shellcheck disable=SC2086 # several words
	check "demo $1" examples/demo $1 --json
}

suite_release() {
	build release -DLVS_BUILD_TESTS=ON && run_ctest release -LE 'package|e2e|bench'
}

suite_clang_sanitizers() {
	build fuzz && run_ctest fuzz -LE 'package|e2e|bench'
}

# Each libFuzzer target, starting from its corpus; what it finds new is kept in the build directory.
suite_fuzz() {
	local target name corpus
	build fuzz || return
	for target in "$LVS_BUILD"/fuzz/tests/fuzz/fuzz_*; do
		if [ ! -f "$target" ] || [ ! -x "$target" ]; then
			continue
		fi
		name=$(basename "$target")
		corpus=$LVS_BUILD/fuzz/corpus/$name
		mkdir -p "$corpus"
		printf '   %s for %s s\n' "$name" "${LVS_FUZZ_SECONDS:-60}"
		check "$name" "$target" -max_total_time="${LVS_FUZZ_SECONDS:-60}" -timeout=10 \
			-artifact_prefix="$corpus/" "$corpus" "tests/fuzz/corpus/${name#fuzz_}"
	done
}

suite_torture() {
	export LVS_TORTURE_SECONDS=60 # what does not go by it is in the suites unit and tsan
	build dev && run_ctest dev -R '^torture/'
	LVS_TARGET=tests_threads build tsan && run_ctest tsan -R '^torture/'
}

suite_coverage() {
	build coverage && run_ctest coverage -LE 'package|e2e|bench'
	coverage_figure
}

# Lines run, of the lines of lib/, by gcov itself.
coverage_figure() {
	find "$LVS_BUILD/coverage/lib" -name '*.gcda' -print0 |
		xargs -0 -r gcov -n 2>/dev/null |
		awk -F "[':% ]+" -v root="$ROOT/lib/" '
			/^File/ { mine = index($2, root) == 1 && $2 ~ /\.c$/ }
			/^Lines executed/ && mine { run += $3 * $5 / 100; all += $5; mine = 0 }
			END { if (all) printf "   lines of lib/ run: %d of %d, %.1f %%\n", run, all, 100 * run / all }'
}
