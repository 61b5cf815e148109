#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What lvsd makes on its host: told beforehand, gone at the end, replaced after a crash.
#
#     netns client       netns director               netns rs1, rs2, rs3
#    +-----------+      +----------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1     |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80     |          |  nginx on 8080          |
#                       | 198.51.100.1 d1 =bridge= s0                        |
#                       +----------------+          +-------------------------+
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-setup.sh"
begin "$@"

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
{ mode_rules nat && mode_rules nat 6; } >"$RULES"

even_spread() {
	spread nat 30 "${1:-}" >"$HOSTS_WORK/answers" && even "$HOSTS_WORK/answers" 30
}
print_setup() {
	at director "$LVSD" --io packet:d0,d1 --rules "$RULES" --forwarding --print-setup >"$HOSTS_WORK/lines"
}
lvsd() {
	director "$RULES" nat "$@"
	DIRECTOR=$STARTED
}
state "$HOSTS_WORK/before"
cp "$HOSTS_WORK/before" "$HOSTS_WORK/first"

# 1. Told.
check "--print-setup" print_setup
for words in '^nft ' 'ip addr add 192.0.2.80/32' 'addr add 2001:db8:1::80/128' 'ip_forward=1' TUN; do
	check "--print-setup tells of $words" grep -q -- "$words" "$HOSTS_WORK/lines"
done
check "--print-setup changes nothing" as_before

# 2. Made and gone.
must lvsd --forwarding
state "$HOSTS_WORK/during"
for words in 'table netdev lvs_0' '192.0.2.80/32' '2001:db8:1::80/128' ' lvs0: ' 'ip_forward:1'; do
	check "lvsd makes $words" grep -q -- "$words" "$HOSTS_WORK/during"
done
check "the service answers" even_spread
check "by IPv6, too" even_spread 6
at director "$LVSD" --io packet:d0,d1 --rules "$RULES" >"$HOSTS_WORK/second" 2>&1
check "a second of its name is refused" equal $? 1
check "and told what to do" grep -q 'another lvsd runs here; give it another --name' "$HOSTS_WORK/second"
check "SIGTERM ends it well" stop "$DIRECTOR"
check "SIGTERM leaves nothing" as_before
must lvsd --forwarding
check "SIGINT ends it well" stop "$DIRECTOR" INT
check "SIGINT leaves nothing" as_before

# 3. Nothing made.
must lvsd --no-setup
check "--no-setup makes nothing" as_before
at director timeout 10 "$LVSD" --io packet:d0,d1 --rules "$RULES" >"$HOSTS_WORK/second" 2>&1
check "a second of its name is refused" equal $? 1
check "and told what to do" grep -q 'another lvsd runs here; give it another --name' "$HOSTS_WORK/second"
check "and changes nothing" as_before
check "lvsd ends well" stop "$DIRECTOR"
check "--no-setup leaves nothing" as_before

# 4. A crash. Settings do not come back after one: they are made beforehand.
must forwarding director
state "$HOSTS_WORK/before"
must lvsd --forwarding
stop "$DIRECTOR" KILL
state "$HOSTS_WORK/during"
check "a killed one leaves its filter" grep -q 'table netdev lvs_0' "$HOSTS_WORK/during"
check "a killed one leaves its address" grep -q '192.0.2.80/32' "$HOSTS_WORK/during"
must lvsd --forwarding
check "the next replaces the filter" equal "$(at director nft list tables | grep -c lvs_0)" 1
check "the next replaces the address" equal "$(on director addr | grep -c 192.0.2.80/)" 1
check "the next serves" even_spread
check "by IPv6, too" even_spread 6
check "the next ends well" stop "$DIRECTOR"
check "the next leaves nothing" as_before

# 5. Rules that cannot be.
printf -- '-A -t 192.0.2.80:80 -s nonsense\n' >"$HOSTS_WORK/bad"
at director "$LVSD" --io packet:d0,d1 --rules "$HOSTS_WORK/bad" >"$HOSTS_WORK/second" 2>&1
check "bad rules are refused" equal $? 1
check "with their line" grep -q 'bad:1: ' "$HOSTS_WORK/second"
check "and leave nothing" as_before
must lvsd
cp "$HOSTS_WORK/bad" "$RULES"
kill -HUP "$DIRECTOR"
check "bad rules at SIGHUP are refused" says "$LOG" 'nothing has changed'
check "what was in force is" even_spread
check "lvsd ends well" stop "$DIRECTOR"
finish
