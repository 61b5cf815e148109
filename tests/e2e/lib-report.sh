# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lvsd's adapter; what lvsd (its process is in DIRECTOR) tells at SIGUSR1, and its memory. Needs lib.sh.

# adapter_is packet|tun|xdp: what lvsd is started with from now on.
adapter_is() {
	case $1 in
	packet) unset LVSD_IO ;;
	tun) export LVSD_IO=tun:lvs-tun, ;;
	xdp) export LVSD_IO=xdp: ;;
	esac
}

# adapter_works: whether lvsd has the adapter and may use it here, which xdp in a user namespace of its own may not;
# says why not.
adapter_works() {
	local pid said=$HOSTS_WORK/works status=0
	[ "${LVSD_IO:-}" = xdp: ] || return 0
	ip link add p0 type veth peer name p1 && ip link set p0 up && ip link set p1 up
	: >"$said" && : >"$said.rules"
	"$LVSD" --io xdp:p0 --rules "$said.rules" >"$said" 2>&1 &
	pid=$!
	soon works_or_not "$pid" "$said"
	grep -q 'ready: ' "$said" || status=1
	kill $pid 2>/dev/null
	wait $pid
	ip link del p0
	[ $status -eq 0 ] || head -n 1 "$said"
	return $status
}

works_or_not() { # PID FILE
	grep -q 'ready: ' "$2" || gone "$1"
}

# tell: the newest report, in HOSTS_WORK/report.
tell() {
	local before
	before=$(grep -c '^Adapter ' "$LOG")
	kill -USR1 "$DIRECTOR" && soon told "$before" || return
	tail -n "+$(awk '/^IP Virtual Server/ { line = NR } END { print line }' "$LOG")" "$LOG" >"$HOSTS_WORK/report"
}

# A report ends with an empty line behind its adapter's counters.
told() {
	[ "$(awk '/^Adapter / { open = 1 } /^$/ && open { n++; open = 0 } END { print n + 0 }' "$LOG")" -gt "$1" ]
}

# adapter NAME: a counter of the adapter. reason NAME: packets with that reason.
adapter() {
	awk -v name="$1" '/^Adapter / { on = 1 } on && $1 == name { n = $2 } END { printf "%.0f", n }' \
		"$HOSTS_WORK/report"
}

reason() {
	awk -v name="$1" '/^Adapter / { exit } $1 == name && $3 ~ /:$/ { n = $2 } END { printf "%.0f", n }' \
		"$HOSTS_WORK/report"
}

# dropped [REASON...]: packets that lvsd dropped for other reasons than these, a line each.
dropped() {
	awk -v but=" $* " '/^Adapter / { exit } $3 == "drop:" && !index(but, " " $1 " ")' \
		"$HOSTS_WORK/report"
}

# Counters of the adapter that say: a packet was lost that was well-formed and had a way.
ADAPTER_LOSSES='rx_bad uncut too_long tx_failed unreachable wait_lost pass_failed'

# clean_counters [REASON...]: nothing was dropped but for these reasons, and the adapter could send all.
clean_counters() {
	local name bad
	bad=$(dropped "$@")
	for name in $ADAPTER_LOSSES; do
		[ "$(adapter "$name")" -eq 0 ] || bad+=" $name $(adapter "$name")"
	done
	echo "$bad"
	[ -z "$bad" ]
}

# sum VERDICT: packets with such a verdict. One that was held is counted once more when it goes on.
sum() {
	awk -v verdict="$1:" '/^Adapter / { exit } $3 == verdict { n += $2 } END { printf "%.0f", n }' "$HOSTS_WORK/report"
}

# all_accounted: of each packet that came is told what became of it. Fragments that are held yet are not.
all_accounted() {
	local left
	tell || return
	left=$(($(adapter rx) - $(sum forward) - $(sum reply) - $(sum pass) - $(sum drop)))
	echo "$left of $(adapter rx) are not told of, $(sum held) were held once"
	[ $left -ge 0 ] && [ $left -le "$(sum held)" ]
}

# all_sent: what was to be sent was, or is counted as lost. Where nothing is cut.
all_sent() {
	local lost=0 name
	for name in wait_lost unreachable too_long uncut tx_full tx_failed; do
		lost=$((lost + $(adapter $name)))
	done
	equal $(($(sum forward) + $(sum reply))) $(($(adapter tx) + lost))
}

# sound: lvsd looks whether its table, counts and timers agree.
sound() {
	local before
	before=$(checks)
	kill -RTMIN "$DIRECTOR" && soon checked_again "$before" &&
		grep ' check: [0-9,]* connections\?, ' "$LOG" | tail -n 1 | grep ' 0 findings'
}

checks() {
	grep -c ' check: [0-9,]* connections\?, ' "$LOG"
}

checked_again() {
	[ "$(checks)" -gt "$1" ]
}

# memory FIELD: kB of lvsd's process, by /proc of this process namespace.
memory() {
	local proc=$HOSTS_WORK/proc
	[ -d "$proc" ] || { mkdir "$proc" && mount -t proc proc "$proc"; } || return
	awk -v field="$1:" '$1 == field { print $2 }' "$proc/$DIRECTOR/status"
}
