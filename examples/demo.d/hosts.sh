# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Hosts, wires, programs and counters: network namespaces, for the demo and for tests/e2e.
#
# Everything, files too, lives in a mount, a network and a process namespace of the script's own, in
# which /run begins empty. So nothing is seen from outside, and nothing is left when the script ends.
PATH=$PATH:/usr/sbin:/sbin
HOSTS_PREFIX=lvs
HOSTS_WORK=/run/work
HOSTS_PIDS=()

# hosts_watch SCRIPT ARGUMENT...: starts the script again, in a process group of its own, and comes
# back there. What stays here only waits: bash may lose a signal that comes while it runs a command.
hosts_watch() {
	if [ -n "${LVS_WATCHED:-}" ]; then
		unset LVS_WATCHED
		return
	fi
	trap 'hosts_interrupted 129' HUP
	trap 'hosts_interrupted 130' INT
	trap 'hosts_interrupted 143' TERM
	set -m
	LVS_WATCHED=1 setpriv --pdeathsig KILL "$@" </dev/null &
	set +m
	wait $! 2>/dev/null
	exit
}

# Ends the group, which has 3 s to end by itself.
hosts_interrupted() {
	trap '' HUP INT TERM
	exec 2>/dev/null # bash would tell what became of each
	if [ -n "${!:-}" ]; then
		kill -TERM -- "-$!"
		hosts_group_gone $! || kill -KILL -- "-$!"
		hosts_group_gone $!
	fi
	exit "$1"
}

hosts_group_gone() {
	for _ in {1..60}; do
		kill -0 -- "-$1" || return 0
		{ sleep 0.05; } 2>/dev/null # bash would tell of its end by a signal
	done
	return 1
}

# Whether namespaces, wires and filters can be made by `unshare $1`; says what cannot.
hosts_possible() {
	{
		unshare "$1" --fork --pid sh -c 'mount -t tmpfs tmpfs /run && ip netns add a &&
			ip netns add b && ip link add x netns a type veth peer name y netns b &&
			ip netns del a && ip netns del b && nft list tables' >/dev/null
	} 2>&1
}

# hosts_enter SCRIPT ARGUMENT...: starts the script again, as root of namespaces of its own; comes
# back, true, when that has been done, and false, with a word on stderr, when it cannot be.
hosts_enter() {
	local way errors=''
	if [ -n "${LVS_INSIDE:-}" ]; then
		unset LVS_INSIDE
		mount -t tmpfs tmpfs /run && mkdir $HOSTS_WORK
		return
	fi
	for way in -nm -Urnm; do
		if errors+="unshare $way: $(hosts_possible $way)"$'\n'; then
			# The first process of a process namespace takes all others with it.
			LVS_INSIDE=1 LVS_WATCHED=1 exec unshare $way --fork --pid --kill-child=KILL "$@"
		fi
	done
	printf %s "$errors" >&2
	return 1
}

# Ends all programs, and removes what they ran in.
hosts_clear() {
	local pid namespace
	for pid in "${HOSTS_PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${HOSTS_PIDS[@]}"; do
		{ in_time 2 gone "$pid" || kill -KILL "$pid"; } 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	HOSTS_PIDS=()
	for namespace in /run/netns/"$HOSTS_PREFIX"-*; do
		[ ! -e "$namespace" ] || ip netns del "$(basename "$namespace")"
	done
}

# host NAME...: each a network namespace, with addresses usable at once.
host() {
	local name
	for name; do
		ip netns add "$HOSTS_PREFIX-$name" && ip -n "$HOSTS_PREFIX-$name" link set lo up &&
			at "$name" sh -c 'cd /proc/sys/net/ipv6/conf && echo 0 >all/accept_dad &&
				echo 0 >default/accept_dad' || return
	done
}

# at HOST COMMAND...
at() {
	nsenter --net="/run/netns/$HOSTS_PREFIX-$1" -- "${@:2}"
}

# on HOST IP-ARGUMENT...
on() {
	ip -n "$HOSTS_PREFIX-$1" "${@:2}"
}

# setting HOST PATH VALUE: below /proc/sys/net.
setting() {
	at "$1" sh -c 'echo "$2" >"/proc/sys/net/$1"' sh "$2" "$3"
}

# wire HOST INTERFACE HOST INTERFACE
wire() {
	ip link add "$2" netns "$HOSTS_PREFIX-$1" type veth peer name "$4" netns "$HOSTS_PREFIX-$3" &&
		on "$1" link set "$2" up && on "$3" link set "$4" up
}

# switch NAME: a host that is a bridge, and nothing else.
switch() {
	host "$1" && setting "$1" ipv6/conf/all/disable_ipv6 1 &&
		setting "$1" ipv6/conf/default/disable_ipv6 1 &&
		on "$1" link add bridge type bridge forward_delay 0 mcast_snooping 0 &&
		on "$1" link set bridge up
}

# plug HOST INTERFACE SWITCH
plug() {
	wire "$1" "$2" "$3" "$1" && on "$3" link set "$1" master bridge
}

# address HOST INTERFACE ADDRESS/LENGTH...
address() {
	local text
	for text in "${@:3}"; do
		on "$1" addr add "$text" dev "$2" || return
	done
}

# gateway HOST ADDRESS...
gateway() {
	local text
	for text in "${@:2}"; do
		on "$1" route add default via "$text" || return
	done
}

forwarding() {
	setting "$1" ipv4/ip_forward 1 && setting "$1" ipv6/conf/all/forwarding 1
}

# mac HOST INTERFACE
mac() {
	on "$1" -o link show dev "$2" | sed -E 's/.*link\/ether ([0-9a-f:]+).*/\1/'
}

# start HOST LOG COMMAND...: in the background, its number in STARTED. It ends with this script.
start() {
	: >"$2"
	nsenter --net="/run/netns/$HOSTS_PREFIX-$1" -- setpriv --pdeathsig TERM "${@:3}" \
		>"$2" 2>&1 </dev/null &
	STARTED=$!
	HOSTS_PIDS+=("$STARTED")
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# stop PID [SIGNAL]: ends a program, and gives its status. One that does not end is killed.
stop() {
	local pid others=()
	for pid in "${HOSTS_PIDS[@]}"; do
		[ "$pid" = "$1" ] || others+=("$pid")
	done
	HOSTS_PIDS=("${others[@]}")
	kill "-${2:-TERM}" "$1" 2>/dev/null
	{ soon gone "$1" || kill -KILL "$1"; } 2>/dev/null
	wait "$1" 2>/dev/null
}

# soon COMMAND...: true as soon as the command is, within 30 s: a busy machine is slow to start
# programs.
soon() {
	in_time 30 "$@"
}

# in_time SECONDS COMMAND...
in_time() {
	local end=$((SECONDS + $1))
	until "${@:2}"; do
		[ $SECONDS -lt "$end" ] || return 1
		{ sleep 0.05; } 2>/dev/null # bash would tell of its end by a signal
	done
}

# says FILE WORD: waits until a program has said so.
says() {
	soon grep -q -- "$2" "$1" && return
	echo "$(basename "$1") does not say \"$2\":" >&2
	cat "$1" >&2
	return 1
}

# count HOST INTERFACE NAME FILTER: frames that come in there from now on, by nft's words.
count() {
	at "$1" nft -f - <<END
table netdev watch {
	counter $3 { }
	chain $2 {
		type filter hook ingress device $2 priority -500;
	}
}
add rule netdev watch $2 $4 counter name $3
END
}

# counted HOST NAME: how many there were.
counted() {
	at "$1" nft list counter netdev watch "$2" | awk '$1 == "packets" { print $2 }'
}
