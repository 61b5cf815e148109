# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The cases of mode_nat.sh, mode_tun.sh and mode_dr.sh: one mode under load while its servers come
# and go, and large files. Needs lib.sh.

# weights RS1 RS2 RS3: the rules with these weights; - for a server that is not there.
weights() {
	local n weight
	mode_service "$MODE" '' wrr
	for n in 1 2 3; do
		weight=${!n}
		[ "$weight" = - ] || mode_dest "$MODE" "$n" "$weight"
	done
}

change() {
	weights "$@" >"$RULES" && reload && mark
}

mark() {
	MARK=$(date +%s.%N)
}

# lines WORDS: of the load's log since the mark, those that begin with WORDS (kind, server, outcome).
lines() {
	awk -v mark="$MARK" -v words="$1" '
		$1 > mark { $1 = ""; if (words == "" || index($0 " ", " " words " ") == 1) print }
	' "$HOSTS_WORK/load"
}

number() {
	lines "$1" | wc -l
}

# share RS1 RS2 RS3: new connections since the mark are spread in these proportions.
share() {
	local all n
	lines new | awk '$2 != "-" { print $2 }' >"$HOSTS_WORK/shares"
	all=$(wc -l <"$HOSTS_WORK/shares")
	more "$all" 30 || return
	for n in 1 2 3; do
		near "$(grep -c "rs$n" "$HOSTS_WORK/shares")" $((all * ${!n} / ($1 + $2 + $3))) 4 || return
	done
}

# Failures since the mark of connections whose server is not SERVER. Which server a connection
# that was refused had, lvsd's list of connections knows.
others() {
	local address before
	address=$(mode_server "$MODE" "${1#rs}") before=$(reports)
	lines '' >"$HOSTS_WORK/lines"
	kill -USR1 "$DIRECTOR"
	soon reported "$before"
	awk -v server="$1" '$3 != "ok" && $2 != server' "$HOSTS_WORK/lines" |
		while read -r kind name error port; do
			if [ "$name" != - ] || ! grep -q ":$port .* $address:" "$LOG"; then
				echo "$kind $name $error $port"
			fi
		done
}

# What lvsd tells at SIGUSR1 ends with its adapter's counters.
reports() {
	grep -c '^rx ' "$LOG"
}

reported() {
	[ "$(reports)" -gt "$1" ]
}

case_none_failed() {
	local bad
	bad=$(lines '' | awk '$3 != "ok"')
	echo "$bad"
	[ -z "$bad" ] && more "$(number new)" 20 && more "$(number long)" 20
}

case_only_failed() {
	local bad
	bad=$(others "$1")
	echo "$bad"
	[ -z "$bad" ]
}

# gather NUMBER [WORDS]: waits for so many lines, of new connections if nothing else is said.
gather() {
	soon gathered "$1" "${2:-new}"
}

gathered() {
	[ "$(number "$2")" -ge "$1" ]
}

case_load() {
	: >"$HOSTS_WORK/load"
	start client "$HOSTS_WORK/load.log" python3 "$E2E/lib-load.py" load "$(mode_vip "$MODE")" \
		"$HOSTS_WORK/load" 2 9
	LOAD=$STARTED
	sleep 0.5
	mark
	gather 90
	check "equal weights: equal shares" share 1 1 1
	check "no connection fails" case_none_failed

	must change 3 1 1
	gather 100
	check "reweighted: shares follow" share 3 1 1
	check "reweighted: no connection fails" case_none_failed

	must change 1 0 1
	gather 80
	check "drained: shares follow" share 1 0 1
	check "drained: connections that are there stay" more "$(number 'long rs2 ok')" 5
	check "drained: no connection fails" case_none_failed

	mark
	stop "${WEB[3]}" KILL
	check "killed: its own connections fail" gather 20 'new -'
	check "killed: no other does" case_only_failed rs3
	must change 1 1 -
	sleep 0.2
	mark
	gather 80
	check "removed: shares follow" share 1 1 0
	check "removed: no connection fails" case_none_failed

	must web rs3
	WEB[3]=$STARTED
	must change 1 1 1
	gather 90
	check "added: shares follow" share 1 1 1
	check "added: no connection fails" case_none_failed

	mark
	check "checked: nothing is found" case_check
	gather 60
	check "checked: no connection fails" case_none_failed
	check "checked: the report tells it" case_check_told

	must change - 1 1
	sleep 2.5 # longer than the load waits for an answer: all failures are known
	check "removed alive: new connections go to the others" share 0 1 1
	check "removed alive: no other's connection fails" case_only_failed rs1
	[ -z "${LVS_KEEP:-}" ] || cp "$HOSTS_WORK/load" "$LOG" "$LVS_KEEP"
	stop "$LOAD"
	must change 1 1 1
}

# lvsd looks whether its table, counts and timers agree, again and again under load.
case_check() {
	local n
	for n in 1 2 3 4 5; do
		kill -RTMIN "$DIRECTOR"
		soon checked "$n" || return
	done
	grep 'lvsd: .*check: ' "$LOG"
	equal "$(grep -c 'check: [0-9,]* connections, 0 findings, [0-9]* ms; workers held' "$LOG")" 5 &&
		not grep -q 'check: [01] connection' "$LOG"
}

checked() {
	[ "$(grep -c 'check: [0-9,]* connection' "$LOG")" -ge "$1" ]
}

case_check_told() {
	local before
	before=$(reports)
	kill -USR1 "$DIRECTOR"
	soon reported "$before" && grep -q '^check: [0-9,]* connections, 0 findings' "$LOG"
}

# A download that takes some seconds, while rules are read again and again, as long as it runs.
case_reload() {
	local n=0 url pid
	url=$(mode_url "$MODE")/slow/slow
	at client curl -sS --max-time 60 -o "$HOSTS_WORK/slow.got" "$url" &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		change 1 $((n % 2)) 1 || return
		n=$((n + 1))
		sleep 0.3
	done
	change 1 1 1 || return
	echo "read $n times"
	wait $pid && [ $n -gt 1 ] && cmp "$HOSTS_WORK/slow" "$HOSTS_WORK/slow.got"
}

case_download() {
	at client curl -sS --max-time 120 "$(mode_url "$MODE")/files/big" | sha256sum >"$HOSTS_WORK/sum" &&
		equal "$(cut -d ' ' -f 1 "$HOSTS_WORK/sum")" "$BIG"
}

files() {
	local n
	head -c 200M /dev/urandom >"$HOSTS_WORK/big"
	head -c 50M "$HOSTS_WORK/big" >"$HOSTS_WORK/up"
	head -c 900K "$HOSTS_WORK/big" >"$HOSTS_WORK/slow"
	BIG=$(sha256sum <"$HOSTS_WORK/big" | cut -d ' ' -f 1)
	for n in 1 2 3; do
		ln -s "$HOSTS_WORK/big" "$HOSTS_WORK/slow" "$HOSTS_WORK/rs$n/files/"
	done
}

mode_test() {
	local n
	MODE=$1
	must mode_build "$MODE"
	WEB=()
	for n in 1 2 3; do
		must web rs$n
		WEB[n]=$STARTED
	done
	weights 1 1 1 >"$RULES"
	must director "$RULES" "$MODE" "${@:2}"
	DIRECTOR=$STARTED
	case_load
	files
	check "a slow download goes on while rules are read again" case_reload
	check "200 MB down, offloads on" case_download
	check "50 MB up, offloads on" uploaded "$HOSTS_WORK/up" "$(mode_url "$MODE")"
}

mode_end() {
	check "lvsd ends well" stop "$DIRECTOR"
	finish
}
