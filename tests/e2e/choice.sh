#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Which server a client gets: hashes of its address and port, weights, thresholds, each packet by itself,
# and what becomes of connections whose server goes.
#
#     netns client           netns director            netns rs1, rs2, rs3
#    +-----------+          +-------------+          +-----------------------+
#    | 192.0.2.9 |          | 192.0.2.1   |          | 192.0.2.11, .12, .13  |
#    |           |          | lvsd: .80   |          | lo: 192.0.2.80        |
#    +-----c0----+          +-----d0------+          +----------s0-----------+
#          |                      |                             |
#    ======+======================+======= bridge ==============+=====
#
# Direct routing: servers answer by themselves, from the service's address.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
who=$E2E/lib-who.py
VIP=192.0.2.80

must mode_build dr
for name in rs1 rs2 rs3; do
	start $name "$HOSTS_WORK/$name.log" python3 "$who" serve $name 80 53
	must says "$HOSTS_WORK/$name.log" ready
done

# rules SERVICE-OPTIONS SERVER-OPTIONS...: one service, the options of each server; - for none there.
rules() {
	local n=0 words
	echo "-A $1"
	for words in "${@:2}"; do
		n=$((n + 1))
		[ "$words" = - ] || echo "-a ${1%% -s*} -r 192.0.2.1$n -g $words"
	done
}
change() {
	rules "$@" >"$RULES" && reload
}
ask() { # tcp|udp PORT [OPTION...]
	at client python3 "$who" ask "$1" $VIP "${@:2}"
}
# gets "COUNT NAME..." tcp|udp PORT [OPTION...]: who answered how often.
gets() {
	equal "$(ask "${@:2}" | tr ' ' '\n' | sort | uniq -c | awk '{ printf "%s%s %s", n++ ? " " : "", $1, $2 }')" "$1"
}
# several LEAST tcp|udp PORT [OPTION...]: so many different servers at least, and nothing else.
several() {
	local got
	got=$(ask "${@:2}" | sort -u)
	echo "$got"
	[ "$(grep -c '^rs' <<<"$got")" -ge "$1" ] && ! grep -v '^rs' <<<"$got"
}

rules "-t $VIP:80 -s rr" '' '' '' >"$RULES"
must director "$RULES" dr --set tcpfin=2
DIRECTOR=$STARTED

# 1. Hashes.
for hash in sh mh; do
	must change "-t $VIP:80 -s $hash" '' '' ''
	check "$hash: a client has one server, whatever its port" equal "$(ask tcp 80 n=12 | sort -u | wc -l)" 1
	mine=$(ask tcp 80)
	all=('' '' '')
	all[${mine#rs}-1]='-w 0'
	must change "-t $VIP:80 -s $hash" "${all[@]}"
	check "$hash: without weight it is refused" gets "1 refused" tcp 80
	must change "-t $VIP:80 -s $hash -b $hash-fallback" "${all[@]}"
	check "$hash-fallback: without weight another takes its clients" several 1 tcp 80 n=3
	must change "-t $VIP:80 -s $hash -b $hash-port" '' '' ''
	check "$hash-port: a client's ports have several" several 2 tcp 80 n=16
done

# 2. Weights.
must change "-t $VIP:80 -s wrr" '-w 1' '-w 2' '-w 3'
check "wrr: by weight" gets "2 rs1 4 rs2 6 rs3" tcp 80 n=12
must change "-t $VIP:80 -s wrr" '-w 1' '-w 0' '-w 1'
check "weight 0: nothing new" gets "6 rs1 6 rs3" tcp 80 n=12
must change "-t $VIP:80 -s wrr" '-w 1' '-w 1' '-w 1'
check "its weight is back" gets "4 rs1 4 rs2 4 rs3" tcp 80 n=12

# 3. Thresholds, of connections that are there.
hold() { # NUMBER
	start client "$HOSTS_WORK/held" python3 "$who" hold $VIP 80 "$1"
	says "$HOSTS_WORK/held" rs
}
sleep 2.5 # until the former connections are over
must change "-t $VIP:80 -s rr" '-x 2' '-x 2' '-x 3 -y 2'
must hold 7
check "thresholds: no server has more" \
	equal "$(tr ' ' '\n' <"$HOSTS_WORK/held" | sort | uniq -c | xargs)" "2 rs1 2 rs2 3 rs3"
check "all are full: refused" gets "1 refused" tcp 80
check "the report tells of them" tell
check "... by ipvsadm's table" grep -qE '192.0.2.13:80 +3 +2 +3 +0' "$HOSTS_WORK/report"
stop "$STARTED"
free() { ask tcp 80 wait=1 | grep -q '^rs'; }
check "they are taken again when connections have ended" soon free

check "the report tells of rates, too" tell
check "... by ipvsadm's table" grep -qE '^Prot LocalAddress:Port +CPS +InPPS +OutPPS' "$HOSTS_WORK/report"

# 4. Each packet by itself.
must change "-u $VIP:53 -s rr" '' '' ''
check "UDP: a socket has one server" equal "$(ask udp 53 each=6 | tr ' ' '\n' | sort -u | grep -c rs)" 1
must change "-u $VIP:53 -s rr -o" '' '' ''
check "one-packet UDP: each packet has the next" gets "2 rs1 2 rs2 2 rs3" udp 53 each=6
must tell
check "... and leaves no connection" \
	equal "$(grep -c '^UDP [0-9 :]* UDP .* 192.0.2.80:53 ' "$HOSTS_WORK/report")" 1
check "... as the service says" grep -q '^UDP  192.0.2.80:53 rr ops$' "$HOSTS_WORK/report"

# 5. A server goes.
again() { # EXPECTED: who has the connection that is held
	local before
	before=$(wc -l <"$HOSTS_WORK/held")
	kill -USR1 "$HELD" && soon more_lines "$before" && equal "$(tail -n 1 "$HOSTS_WORK/held")" "$1"
}
more_lines() {
	[ "$(wc -l <"$HOSTS_WORK/held")" -gt "$1" ]
}
must change "-t $VIP:80 -s rr" '' - -
must hold 1
HELD=$STARTED
must change "-t $VIP:80 -s rr" - '' -
check "removed: its connections have no answer" again none
must change "-t $VIP:80 -s rr" '' '' -
check "it is back: so are they" soon again rs1
stop "$HELD"

# 6. The director itself is a server.
start director "$HOSTS_WORK/own.log" python3 "$who" serve director 80
must says "$HOSTS_WORK/own.log" ready
{ rules "-t $VIP:80 -s rr" '' - - && echo "-a -t $VIP:80 -r 192.0.2.1 -g"; } >"$RULES"
must reload
check "its own host is a server" gets "3 director 3 rs1" tcp 80 n=6
stop "$STARTED"
check "lvsd ends well" stop "$DIRECTOR"

rules "-t $VIP:80 -s rr" '' - - >"$RULES"
must director "$RULES" dr --set expire_nodest_conn=1
DIRECTOR=$STARTED
must hold 1
HELD=$STARTED
must change "-t $VIP:80 -s rr" - '' -
check "expire_nodest_conn: they end with their next packet" again reset
echo "set conn_max 2000000" >>"$RULES"
kill -HUP "$DIRECTOR"
check "a setting that cannot change is refused" says "$LOG" 'nothing has changed'
{ rules "-t $VIP:80 -s rr" - '' - && echo 'set conn_reuse_mode 3' && echo 'set drop_packet 3' &&
	echo 'set am_droprate 1'; } >"$RULES"
must reload
check "settings change while lvsd runs: every new connection is dropped" gets "1 none" tcp 80 wait=0.7
must tell
check "... the report tells them" \
	equal "$(grep -c '^Setting \(conn_reuse_mode: 3\|drop_packet: 3\|am_droprate: 1\|expire_nodest_conn: 1\)$' \
		"$HOSTS_WORK/report")" 4
must change "-t $VIP:80 -s rr" - '' -
check "... and back" gets "1 rs2" tcp 80
check "lvsd ends well, too" stop "$DIRECTOR"
finish
