# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the host_*.sh tests share. They source it with the build directory as $build.

PATH=$PATH:/usr/sbin:/sbin
skip() { echo "$*"; exit 77; }

lib=$(dirname "$0")/lib-host.py
# shellcheck disable=SC2154 # the caller sets it
tool=$build/tests/e2e/host_tool
[ -x "$tool" ] || skip "host_tool is not built"
for need in ip nft ping python3; do
	command -v "$need" >/dev/null || skip "$need is missing"
done
# shellcheck source=examples/demo.d/hosts.sh
. "$(dirname "$0")/../../examples/demo.d/hosts.sh"
hosts_watch "$0" "$@"
hosts_enter "$0" "$@" || skip "cannot make network namespaces"

work=$HOSTS_WORK
pids=()
failed=0
# shellcheck disable=SC2034 # the caller uses it
name=t$$

clean() {
	exec 7>&- 8<&- 2>/dev/null
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait 2>/dev/null
}
trap clean EXIT
trap 'exec 2>/dev/null; exit 143' TERM

# space LETTER: a namespace, its name in the variable of that letter.
space() {
	local full=lvs-host-$1
	ip netns add "$full" || skip "cannot make network namespaces"
	printf -v "$1" %s "$full"
	ip -n "$full" link set lo up
	# Duplicate address detection would delay every address by a second.
	ip netns exec "$full" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
}
run_in() { local space=$1; shift; ip netns exec "$space" "$@"; }

# check NAME COMMAND...
check() {
	local what=$1
	shift
	if "$@"; then echo "ok - $what"; else echo "not ok - $what ($*)" && failed=1; fi
}
not() { ! "$@"; }

# start_tool SPACE OPTION...: host_tool on descriptors 7 (commands) and 8 (answers).
start_tool() {
	local space=$1 ready
	shift
	rm -f "$work/in" "$work/out"
	mkfifo "$work/in" "$work/out"
	ip netns exec "$space" "$tool" "$@" <"$work/in" >"$work/out" 2>>"$work/events" &
	tool_pid=$!
	pids+=("$tool_pid")
	exec 7>"$work/in" 8<"$work/out"
	read -r -t 10 ready <&8 || ready="no answer"
	[ "$ready" = ready ] || echo "host_tool: $ready"
	[ "$ready" = ready ]
}

# The end of its input ends it.
stop_tool() {
	exec 7>&- 8<&-
	wait "$tool_pid"
}

kill_tool() {
	kill -9 "$tool_pid"
	wait "$tool_pid" 2>/dev/null
	exec 7>&- 8<&-
}

# ask COMMAND: its answer.
ask() {
	local answer
	echo "$*" >&7
	read -r -t 20 answer <&8 || answer="no answer"
	echo "$answer"
}

# answers PATTERN COMMAND: whether the answer has it.
answers() {
	local answer
	answer=$(ask "$2")
	case $answer in
	*$1*) return 0 ;;
	esac
	echo "# $2: $answer, not *$1*"
	return 1
}

# within MILLISECONDS COMMAND...: whether it becomes true in time.
within() {
	local end=$(($(date +%s%N) / 1000000 + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $(($(date +%s%N) / 1000000)) -lt $end ] || return 1
		sleep 0.02
	done
}

# start_tap SPACE: what comes by goes to $work/tap, until stop_tap.
start_tap() {
	ip netns exec "$1" python3 "$lib" tap >"$work/tap" &
	tap_pid=$!
	pids+=("$tap_pid")
	within 20000 grep -q ready "$work/tap"
}
stop_tap() {
	kill "$tap_pid"
	wait "$tap_pid" 2>/dev/null
}

mac_of() { run_in "$1" cat "/sys/class/net/$2/address"; }

finish() {
	[ $failed -eq 0 ] || sed 's/^/# event: /' "$work/events"
	exit $failed
}
