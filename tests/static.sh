# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The suite static: formatting, clang-tidy, cppcheck, shellcheck, manual pages.

sources() {
	find lib include examples tests -type f "$@" | sort
}

static_checks() {
	mapfile -t all < <(sources -name '*.[ch]')
	mapfile -t library < <(sources -name '*.c' -path 'lib/*')
	mapfile -t programs < <(sources -name '*.c' -path 'examples/*')
	mapfile -t scripts < <(grep -rlE '^#!/bin/(ba|da)?sh' .ci examples tests; sources -name '*.sh')
	check clang-format clang-format --dry-run -Werror "${all[@]}"
	check clang-tidy tidy '' "${library[@]}"
	# What follows paths is 19 of 20 parts of the time, and asked of programs by tidy-tests.
	check "clang-tidy of programs" tidy '-clang-analyzer-*' "${programs[@]}"
	check cppcheck cppcheck_all
	check shellcheck shellcheck --severity=warning -x "${scripts[@]}"
	check "manual pages" manual_pages
}

# Long lines are style, and a date would have to be changed with each edit.
manual_pages() {
	! mandoc -Tlint -W warning docs/man/*.[1-9] | grep -v 'WARNING: missing date'
}

tidy_tests() {
	mapfile -t code < <(sources -name '*.c' -not -path 'lib/*')
	check "clang-tidy of tests and programs" tidy '' "${code[@]}"
}

# tidy CHECKS FILE...: CHECKS come behind those of .clang-tidy. Only files that the build knows have the right options.
# How many warnings are none of ours says nothing.
tidy() (
	set -o pipefail
	local database=$LVS_BUILD/clang/compile_commands.json file checks=$1
	shift
	for file; do
		if grep -qF "/$file\"" "$database"; then
			printf '%s\0' "$file"
		fi
	done | xargs -0 -P "$LVS_JOBS" -n 4 \
		clang-tidy --quiet -p "$LVS_BUILD/clang" --checks="$checks" --warnings-as-errors='*' 2>&1 |
		{ grep -vE '^[0-9]+ warnings? generated\.$' || true; }
)

# Suppressions, each with its reason, are in tests/cppcheck.txt.
cppcheck_all() {
	cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$LVS_JOBS" --std=c11 \
		--enable=warning,performance,portability --suppressions-list=tests/cppcheck.txt --library=tests/cppcheck.cfg \
		-I include -I lib lib
}
