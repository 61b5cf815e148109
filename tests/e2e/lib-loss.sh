# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# A bad path, and what goes over it. Needs lib.sh and lib-report.sh.

# 5 % of all packets lost, 2 % doubled, 5 % held behind three later ones, each way; 2 ms of delay.
BAD=(--loss 5 --double 2 --hold 5 --behind 3 --delay 2 --seed 5)

# at_once SCRIPT BUILD-DIRECTORY SIZE CASE...: the script for each case, all at the same time; ends with
# what came of them, one after the other.
at_once() {
	local one n pid=() status=77 got
	AT_ONCE=$(mktemp -d)
	trap 'rm -rf "$AT_ONCE"' EXIT
	trap 'kill "${pid[@]}" 2>/dev/null; wait; exit 143' HUP INT TERM
	for one in "${@:4}"; do
		setpriv --pdeathsig TERM "${@:1:3}" "$one" >"$AT_ONCE/$one" 2>&1 </dev/null &
		pid+=($!)
	done
	for n in "${!pid[@]}"; do
		wait "${pid[n]}"
		got=$?
		cat "$AT_ONCE/${*:n+4:1}"
		case $got in
		77) ;;
		0) [ $status -eq 1 ] || status=0 ;;
		*) status=1 ;;
		esac
	done
	exit $status
}

# bad_path MTU HOST DEVICE HOST DEVICE: by relay, its process in RELAY.
bad_path() {
	start "$2" "$HOSTS_WORK/relay.log" "$RELAY_PROGRAM" --mtu "$1" "${BAD[@]}" \
		"/run/netns/$HOSTS_PREFIX-$2:$3" "/run/netns/$HOSTS_PREFIX-$4:$5"
	RELAY=$STARTED
	says "$HOSTS_WORK/relay.log" ready
}

# path_was_bad: the relay did to the packets what it was asked to do, and nothing else. Ends it; a line
# for each way is in HOSTS_WORK/path.
path_was_bad() {
	stop "$RELAY"
	awk '
		{ n[$1, $2] = $3; ways[$1] }
		function share(way, what) { return 100 * n[way, what] / (n[way, "in"] + 1) }
		END {
			for (way in ways)
				if ((way, "in") in n) {
					seen++
					good += n[way, "in"] > 1000 && share(way, "lost") > 3.5 && share(way, "lost") < 6.5 &&
						share(way, "doubled") > 1 && share(way, "late") > 2 &&
						n[way, "too_long"] + n[way, "full"] == 0
					printf "%s %d packets came, %.1f %% lost, %.1f %% doubled, %.1f %% late, %d too long, %d without room\n",
						way, n[way, "in"], share(way, "lost"), share(way, "doubled"), share(way, "late"),
						n[way, "too_long"], n[way, "full"]
				}
			exit seen != 2 || good != 2
		}' "$HOSTS_WORK/relay.log" >"$HOSTS_WORK/path" && return
	cat "$HOSTS_WORK/path" "$HOSTS_WORK/relay.log"
	return 1
}

# udp_echo SERVER-NUMBER PORT ADDRESS...
udp_echo() {
	start "rs$1" "$HOSTS_WORK/echo$1.log" python3 "$E2E/lib-loss.py" echo "${@:2}"
	says "$HOSTS_WORK/echo$1.log" ready
}

# A job is a command in the background, its output in a file, its outcome in JOBS once it has ended.
JOBS=()
job() { # NAME COMMAND...
	local file=$HOSTS_WORK/job${#JOBS[@]}
	{
		"${@:2}" >"$file" 2>&1
		echo $? >"$file.status"
	} &
	JOBS+=("$! $1")
}

# One case for each job.
jobs_end() {
	local n
	for n in "${!JOBS[@]}"; do
		wait "${JOBS[n]%% *}"
		check "${JOBS[n]#* }" job_was_good "$HOSTS_WORK/job$n"
	done
	JOBS=()
}

job_was_good() {
	cat "$1"
	[ "$(cat "$1.status")" = 0 ]
}

# The client is the host CLIENT; each transfer has PATIENCE seconds.

# download URL: the file, whole, in bounded time.
download() {
	at "$CLIENT" curl -sS -f --max-time "$PATIENCE" "$1/files/data" | cmp - "$HOSTS_WORK/data"
}

# upload URL NAME: the same.
upload() {
	local found
	at "$CLIENT" curl -sS -f --max-time "$PATIENCE" -o /dev/null -T "$HOSTS_WORK/data" "$1/files/$2" || return
	found=("$HOSTS_WORK"/rs?/files/"$2")
	equal ${#found[@]} 1 && cmp "$HOSTS_WORK/data" "${found[0]}"
}

# datagrams ADDRESS: those that arrive are right. Two ways of 5 % loss leave 90 %; of the fifth that is
# sent in three fragments, or in more through a tunnel, 74 % to 60 %. An MTU is told once for each way.
datagrams() {
	local sent came twice late wrong told
	at "$CLIENT" python3 "$E2E/lib-loss.py" ask "$1" 7 500 >"$HOSTS_WORK/asked.$1" || return
	read -r sent came twice late wrong told <"$HOSTS_WORK/asked.$1"
	echo "$sent sent, $came came, $twice twice, $late late, $wrong wrong, $told times told of an MTU"
	[ "$wrong" -eq 0 ] && near "$came" 430 45 && more "$twice" 0 && more 3 "$told"
}
