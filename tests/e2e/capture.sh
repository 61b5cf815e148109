#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is taken away from a host that forwards, and what is not.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1     |          | 198.51.100.11, .12, .13 |
#    | nginx     |      |  lvsd: .80:80  |          |  nginx on 80 and 8080   |
#    +-----------+      |  nginx         |          |                         |
#         counts        | 198.51.100.1 d1 =bridge= s0                        |
#                       +----------------+          +-------------------------+
#
# The service is 192.0.2.80:80, its servers' port 8080: what they send from there to the client must
# not arrive as it is. All else is the host's to route.
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"

must mode_build nat
must forwarding director
for name in client director rs1 rs2 rs3; do
	must web $name
done
{ mode_rules nat && mode_rules nat 6; } >"$RULES"
must count client c0 untranslated 'ip saddr 198.51.100.0/24 tcp sport 8080 tcp dport != 40000-49999'
must count client c0 replies 'ip saddr 192.0.2.80 tcp sport 80'
head -c 20M /dev/urandom >"$HOSTS_WORK/big"
for name in director rs1 rs2 rs3; do
	ln -s "$HOSTS_WORK/big" "$HOSTS_WORK/$name/files/"
done

fetch() { # HOST URL EXPECTED-BEGIN
	local got
	got=$(at "$1" curl -sS --max-time 5 "$2") || return
	echo "$got"
	[[ $got == "$3"* ]]
}
whole() { # HOST URL [CURL-ARGUMENT...]
	at "$1" curl -sS --max-time 30 "${@:3}" "$2" | cmp - "$HOSTS_WORK/big"
}
ping_from() {
	at "$1" ping -q -c 3 -i 0.05 -W 2 "$2"
}
# Another load runs beside it at times, which takes turns too: a fair share of 60 is 20, give or take 6.
fair_spread() {
	local name
	spread nat 60 >"$HOSTS_WORK/answers" && equal "$(wc -l <"$HOSTS_WORK/answers")" 60 || return
	for name in rs1 rs2 rs3; do
		near "$(grep -cw "^$name" "$HOSTS_WORK/answers")" 20 6 || return
	done
}

# 1. All the while: connections that come and go, and rules that are read again.
must director "$RULES" nat
DIRECTOR=$STARTED
start client "$HOSTS_WORK/load.log" python3 "$E2E/lib-load.py" load 192.0.2.80 "$HOSTS_WORK/load" 2 6
load=$STARTED
sleep 0.5
check "the service answers, each server in turn" fair_spread
for weight in 2 1; do
	{ mode_service nat && mode_dest nat 1 $weight && mode_dest nat 2 && mode_dest nat 3 &&
		mode_rules nat 6; } >"$RULES"
	check "rules are read again" reload
done

# 2. What is the host's.
check "ping from a server to the client" ping_from rs1 192.0.2.9
check "ping from the client to a server" ping_from client 198.51.100.12
check "ping of the service address" ping_from client 192.0.2.80
check "a server's own connection to the client" fetch rs1 http://192.0.2.9/ "client 198.51.100.11 "
check "a server's other port" fetch client http://198.51.100.12/ "rs2 192.0.2.9 198.51.100.12:80"
check "the director's own address" fetch client http://192.0.2.1/ "director 192.0.2.9 192.0.2.1:80"
check "the director's own address, from a server" fetch rs3 http://198.51.100.1/ "director 198.51.100.13 "
check "the director asks a server's service port" fetch director http://198.51.100.11:8080/ "rs1 198.51.100.1 "
check "... by IPv6" fetch director 'http://[2001:db8:2::11]:8080/' "rs1 2001:db8:2::1 "
check "20 MB from there" whole director http://198.51.100.11:8080/files/big
check "the service address, another port" fetch client http://192.0.2.80:8080/ "director 192.0.2.9 "
check "20 MB from the director itself" whole client http://192.0.2.1/files/big
check "a server's service port, asked directly: back to the host by the TUN" \
	whole client http://198.51.100.11:8080/files/big --local-port 40000-49999

# 3. The end.
check "no connection failed" not grep -qv ' ok ' "$HOSTS_WORK/load"
stop "$load"
sleep 0.2
check "lvsd ends well" stop "$DIRECTOR"
sleep 0.2
check "replies came from the service's address" more "$(counted client replies)" 500
check "none came untranslated" equal "$(counted client untranslated)" 0

# 4. A restart amid downloads: the new lvsd knows nothing of what the servers go on to say, and the host
#    would route it. Who asks a server directly still gets his answers.
must director "$RULES" nat
downloads=()
for _ in 1 2 3; do
	at client curl -sS --max-time 6 -o /dev/null http://192.0.2.80/slow/big 2>/dev/null &
	downloads+=($!)
done
sleep 0.5
for download in "${downloads[@]}"; do
	check "a download is under way" kill -0 "$download"
done
kill -KILL "$STARTED"
sleep 0.3
must director "$RULES" nat
sleep 2
check "nothing of them came untranslated after a restart" equal "$(counted client untranslated)" 0
check "the service answers again" fair_spread
check "a server's service port, asked directly, after a restart" \
	whole client http://198.51.100.11:8080/files/big --local-port 40000-49999
# Once lvsd has gone the host would route what the servers still send again and again.
must setting director ipv4/ip_forward 0
must setting director ipv6/conf/all/forwarding 0
check "lvsd ends well after a restart" stop "$STARTED"
check "nothing came untranslated so far" equal "$(counted client untranslated)" 0

# 5. Again, and it ends amid a download: with lvsd's own forwarding the server's packets stop there.
must director "$RULES" nat --forwarding
before=$(counted client replies)
downloads=()
for _ in 1 2 3; do
	at client curl -sS --max-time 2 -o /dev/null http://192.0.2.80/slow/big 2>/dev/null &
	downloads+=($!)
done
sleep 0.5
for download in "${downloads[@]}"; do
	check "a download is under way" kill -0 "$download"
done
check "its data come by lvsd" more "$(counted client replies)" $((before + 10))
check "lvsd ends well amid downloads" stop "$STARTED"
sleep 1
check "nothing of them came untranslated" equal "$(counted client untranslated)" 0
finish
