#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Calls stick to their server by Call-ID, and servers call.
#
#     netns client           netns director               netns rs1, rs2, rs3
#    +---------------+      +--------------+          +-------------------------+
#    | 192.0.2.9     c0 == d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    |  ports 7000   |      |  lvsd: .80   |          |  UDP port 5060          |
#    +---------------+      | 198.51.100.1 d1 =bridge= s0                       |
#                           +--------------+          +-------------------------+
#
# By address translation, --pe sip, without and with one-packet scheduling.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
sip=$E2E/lib-sip.py
VIP=192.0.2.80 VIP6=2001:db8:1::80

must mode_build nat
for name in rs1 rs2 rs3; do
	start $name "$HOSTS_WORK/$name.log" python3 "$sip" serve $name
	must says "$HOSTS_WORK/$name.log" ready
done

rules() { # "SERVICE" "OPTIONS"
	local n net=198.51.100.1
	[[ $1 != *:*:* ]] || net=2001:db8:2::1
	echo "-A $1 -s rr -p 30 --pe sip $2"
	for n in 1 2 3; do
		echo "-a $1 -r $net$n -m"
	done
}
ask() { # SERVICE PORT CALL...
	at client python3 "$sip" ask "$@"
}
# one ANSWERS: all calls were answered by one server. several: by that many.
one() {
	local got
	got=$(ask "$@")
	echo "$got"
	[[ $got == rs[123]* ]] && [ "$(tr ' ' '\n' <<<"$got" | sort -u | wc -l)" -eq 1 ]
}
several() {
	local number=$1
	shift
	equal "$(ask "$@" | tr ' ' '\n' | sort -u | grep -c '^rs')" "$number"
}
# calls NAME PORT CALL: that server calls the client, who sees the service and answers.
calls() {
	local before
	before=$(grep -c heard "$HOSTS_WORK/$1.log")
	start client "$HOSTS_WORK/wait" python3 "$sip" wait "$2"
	says "$HOSTS_WORK/wait" ready &&
		at "$1" python3 "$sip" tell 127.0.0.1 192.0.2.9 "$2" "$3" && soon says "$HOSTS_WORK/wait" "$3" || return
	cat "$HOSTS_WORK/wait"
	grep -q "^$VIP:5060 $3$" "$HOSTS_WORK/wait" && soon heard "$1" "$before"
}
heard() {
	more "$(grep -c heard "$HOSTS_WORK/$1.log")" "$2"
}
listed() { # PATTERN
	tell && grep -E "$1" "$HOSTS_WORK/report"
}

{ rules "-u $VIP:5060" "" && rules "-u [$VIP6]:5060" ""; } >"$RULES"
must director "$RULES" nat
DIRECTOR=$STARTED

check "a call has one server, whatever port it comes from" one $VIP 0 a@b a@b a@b a@b
check "calls have several" several 3 $VIP 0 c1 c2 c3
check "IPv6: one" one $VIP6 0 a@b a@b a@b
check "IPv6: several" several 3 $VIP6 0 c1 c2 c3
check "without a call there is no answer" equal "$(ask $VIP 0 -)" none
check "the report says why" listed "^pe_no_data +1 +drop:"
check "the service says how" grep -q "^UDP  $VIP:5060 rr persistent 30 pe sip$" "$HOSTS_WORK/report"
check "the call is listed" \
	grep -E "^UDP 00:[23][0-9]  (NONE|ASSURED) +192.0.2.9:0 +$VIP:5060 +198.51.100.1[123]:5060 sip a@b$" \
	"$HOSTS_WORK/report"
check "a server calls" calls rs2 7000 from-rs2
check "what the client then says of that call it hears" equal "$(ask $VIP 0 from-rs2 from-rs2)" "rs2 rs2"

rules "-u $VIP:5060" "-o" >"$RULES"
must reload
check "one-packet scheduling: calls from one port have several" several 3 $VIP 7100 d1 d2 d3
check "... each its own" one $VIP 7100 d1 d1 d1
check "... a server calls" calls rs3 7001 from-rs3
check "... and is known by it" equal "$(ask $VIP 7100 from-rs3)" rs3
check "answers began as a server's own" listed "^outbound +[0-9]+ +forward:"
check "lvsd ends well" stop "$DIRECTOR"
finish
