#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Clients that stick to their server: one by one, by network, for every port of an address; how long;
# and what weight 0 does to it. Both families.
#
#     netns client               netns director               netns rs1, rs2, rs3
#    +-------------------+      +--------------+          +-------------------------+
#    | 192.0.2.9,        c0 == d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    | 192.0.2.16 .. .39 |      |  lvsd: .80   |          |  ports 21, 80, 2021     |
#    +-------------------+      | 198.51.100.1 d1 =bridge= s0                       |
#                               +--------------+          +-------------------------+
#
# Port 80 and every port by address translation.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
who=$E2E/lib-who.py
VIP=192.0.2.80 VIP6=2001:db8:1::80

must mode_build nat
for n in {16..39}; do
	must address client c0 192.0.2.$n/24 2001:db8:1::$n/64
done
for name in rs1 rs2 rs3; do
	start $name "$HOSTS_WORK/$name.log" python3 "$who" serve $name 21 80 2021
	must says "$HOSTS_WORK/$name.log" ready
done

# rules "SERVICE" "OPTIONS" [WEIGHT...]: added to what is there.
rules() {
	local n=0 weight net=198.51.100.1
	[[ $1 != *:*:* ]] || net=2001:db8:2::1
	echo "-A $1 -s rr $2"
	for weight in "${@:3}"; do
		n=$((n + 1))
		echo "-a $1 -r $net$n -m -w $weight"
	done
}
change() {
	rules "$@" >"$RULES" && reload
}
ask() { # tcp|udp SERVICE PORT [OPTION...]
	at client python3 "$who" ask "$@"
}
# one tcp|udp SERVICE PORT [OPTION...]: all are answered by one server, which is written to SERVER.
one() {
	local got
	got=$(ask "$@" | tr ' ' '\n' | sort -u)
	echo "$got"
	[[ $got == rs[123] ]] && echo "$got" >"$HOSTS_WORK/server"
}
# same_one: as one, and it is the server of the last time.
same_one() {
	local before
	before=$(cat "$HOSTS_WORK/server")
	one "$@" && equal "$(cat "$HOSTS_WORK/server")" "$before"
}
other_one() {
	local before
	before=$(cat "$HOSTS_WORK/server")
	one "$@" && [ "$(cat "$HOSTS_WORK/server")" != "$before" ]
}
# servers tcp|udp SERVICE PORT ADDRESS...: a request from each; how many servers there are.
servers() {
	local from
	for from in "${@:4}"; do
		ask "${@:1:3}" from="$from"
	done | sort -u | grep -c '^rs'
}
# template PATTERN: the report has such a line of a template.
template() {
	tell && grep -E "$1" "$HOSTS_WORK/report"
}

rules "-t $VIP:80" "-p 30" 1 1 1 >"$RULES"
rules "-t [$VIP6]:80" "-p 30 -M 124" 1 1 1 >>"$RULES"
must director "$RULES" nat --set udp=1
DIRECTOR=$STARTED

# 1. Client by client.
check "a client has one server" one tcp $VIP 80 n=12
check "other clients have others" equal "$(servers tcp $VIP 80 192.0.2.{16..21})" 3
check "a client comes back to its own" one tcp $VIP 80 from=192.0.2.16 n=2
check "a template is listed" \
	template "^TCP 00:[23][0-9]  (NONE|ASSURED) +192.0.2.16:0 +$VIP:80 +198.51.100.1[123]:80"
check "servers count templates" grep -A 9 PersistConn "$HOSTS_WORK/report"
check "the service says it" grep -q "^TCP  $VIP:80 rr persistent 30$" "$HOSTS_WORK/report"

# 2. By network.
must change "-t $VIP:80" "-p 30 -M 255.255.255.240" 1 1 1
check "IPv4: a network has one server" equal "$(servers tcp $VIP 80 192.0.2.{22..31})" 1
check "others have others" equal "$(servers tcp $VIP 80 192.0.2.9 192.0.2.33)" 2
rules "-t [$VIP6]:80" "-p 30 -M 124" 1 1 1 >"$RULES"
must reload
check "IPv6: a prefix has one server" equal "$(servers tcp $VIP6 80 2001:db8:1::{20..25})" 1
check "others have others" equal "$(servers tcp $VIP6 80 2001:db8:1::{20,30,9})" 3

# 3. For so long. UDP's connections end a second after the last packet.
must change "-u $VIP:80" "-p 3" 1 1 1
check "a client has one server for the time" one udp $VIP 80 from=192.0.2.33 n=3
sleep 4.5
check "then the next" other_one udp $VIP 80 from=192.0.2.33
must change "-t $VIP:80" "-p 2" 1 1 1
start client "$HOSTS_WORK/held" python3 "$who" hold $VIP 80 1 from=192.0.2.34
HELD=$STARTED
must says "$HOSTS_WORK/held" rs
cp "$HOSTS_WORK/held" "$HOSTS_WORK/server"
sleep 3
check "while a connection is there it holds on" same_one tcp $VIP 80 from=192.0.2.34
check "... 60 s at a time" \
	template "^TCP (01:00|00:5[0-9])  ASSURED +192.0.2.34:0 +$VIP:80 "
stop "$HELD"

# 4. Every port.
rules "-t $VIP:0" "-p 30" 1 1 1 >"$RULES"
rules "-u $VIP:0" "-p 30" 1 1 1 >>"$RULES"
must reload
check "every port: a client has one server" one tcp $VIP 80 from=192.0.2.34 n=3
check "... at any" same_one tcp $VIP 2021 from=192.0.2.34 n=3
check "... other clients have others" equal "$(servers tcp $VIP 21 192.0.2.{35..37})" 3
check "UDP: one server" one udp $VIP 80 from=192.0.2.34 n=3
check "... at any port" same_one udp $VIP 2021 from=192.0.2.34 n=3
check "a port where nobody listens is refused by the server" equal "$(ask tcp $VIP 99)" refused

# 5. FTP's ports.
must change "-t $VIP:21" "-p 30" 1 1 1
check "port 21: a client has one server" one tcp $VIP 21 from=192.0.2.38 n=3
check "... which has its data connections, too" same_one tcp $VIP 2021 from=192.0.2.38 n=3
check "other ports are the host's" equal "$(ask tcp $VIP 80)" refused

# 6. Weight 0.
must change "-t $VIP:80" "-p 30" 1 1 1
check "a client has one server" one tcp $VIP 80 from=192.0.2.39
drain() { # all but that of the client keep their weight
	local weight=(1 1 1) server
	server=$(cat "$HOSTS_WORK/server")
	weight[${server#rs}-1]=0
	change "-t $VIP:80" "-p 30" "${weight[@]}"
}
must drain
check "weight 0: who has it keeps it" same_one tcp $VIP 80 from=192.0.2.39 n=3
check "lvsd ends well" stop "$DIRECTOR"
rules "-t $VIP:80" "-p 30" 1 1 1 >"$RULES"
must director "$RULES" nat --set expire_quiescent_template=1
DIRECTOR=$STARTED
check "a client has one server" one tcp $VIP 80 from=192.0.2.39
must drain
check "expire_quiescent_template: it gets another" other_one tcp $VIP 80 from=192.0.2.39 n=3
check "lvsd ends well" stop "$DIRECTOR"
finish
