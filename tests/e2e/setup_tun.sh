#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What lvsd makes on its host for the adapter "tun": told beforehand, gone at the end, replaced after
# a crash, made by hand instead. TTL. What the adapter cannot carry is refused.
#
#     netns client       netns director                       netns rs1, rs2, rs3
#    +-----------+      +----------------------+          +-------------------------+
#    | 192.0.2.9 c0 == d0  192.0.2.1           |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80 <-> TUN   |          |  nginx on 8080          |
#                       | 198.51.100.1        d1 =bridge= s0                        |
#                       +----------------------+          +-------------------------+
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-setup.sh"
. "$(dirname "$0")/lib-tun.sh"
begin "$@"
command -v tcpdump >/dev/null || skip "tcpdump is missing"
export LVSD_IO=tun:lvs-tun,
IO=tun:lvs-tun,d0,d1

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
{ mode_rules nat && mode_rules nat 6; } >"$RULES"

lvsd() {
	director "$RULES" nat "$@"
	DIRECTOR=$STARTED
}
alone() { # OPTION...: lvsd, whose words go to $HOSTS_WORK/second.
	at director "$LVSD" --rules "$RULES" "$@" >"$HOSTS_WORK/second" 2>&1
}
ours() { # how many rules of policy routing are ours, of both families
	{ on director rule && on director -6 rule; } | grep -c 'fwmark 0x4c56'
}
serves() {
	spread_even nat && spread_even nat 6
}
not_translated() { # nothing from a server's own port has come to the client
	equal "$(counted client leak)" 0
}
state "$HOSTS_WORK/before"

# 1. Told.
check "--print-setup" alone --io $IO --print-setup --workers 2
for words in '# TUN device lvs-tun, 2 queues' 'ip_early_demux=0' 'conf/d0/forwarding=1' 'conf/d1/forwarding=1' \
	'ipv6/conf/all/forwarding=1' 'rule add pref 0 iif d0 fwmark' 'rule add pref 0 iif d1 fwmark' \
	'ip -6 rule add' 'route add default dev lvs-tun table' 'route add blackhole default table' \
	'meta mark set 0x4c56' 'ip addr add 192.0.2.80/32' 'addr add 2001:db8:1::80/128'; do
	check "--print-setup tells of $words" grep -q -- "$words" "$HOSTS_WORK/second"
done
check "--print-setup changes nothing" as_before
cp "$HOSTS_WORK/second" "$HOSTS_WORK/lines"

# 2. Made and gone.
must lvsd --workers 2
state "$HOSTS_WORK/made"
for words in 'table netdev lvs_0' '192.0.2.80/32' '2001:db8:1::80/128' ' lvs-tun: .*mtu 65535' \
	'ip_early_demux:0' 'd0/forwarding:1' 'lvs-tun/accept_local:1' 'default dev lvs-tun table' \
	'blackhole default table'; do
	check "lvsd makes $words" grep -q -- "$words" "$HOSTS_WORK/made"
done
check "and leaves the host's forwarding elsewhere" not grep -q 'ip_forward:1' "$HOSTS_WORK/made"
check "a rule for each interface and family" equal "$(ours)" 4
check "the kernel's rule is behind ours, once" \
	equal "$(on director rule | tail -n +3 | head -1)$(on director rule | grep -c 'lookup local')" \
	"0:	from all lookup local1"
check "the service answers, by both families" serves
check "the director itself may ask a server" \
	at director curl -sS --max-time 5 http://198.51.100.11:8080/
check "by IPv6, too" at director curl -sS --max-time 5 'http://[2001:db8:2::11]:8080/'
check "SIGTERM ends it well" stop "$DIRECTOR"
check "SIGTERM leaves nothing" as_before

# 3. Made by hand, by the lines of --print-setup.
by_hand() {
	on director tuntap add dev lvs-tun mode tun multi_queue && on director link set lvs-tun mtu 65535 up &&
		setting director ipv4/conf/lvs-tun/rp_filter 0 && setting director ipv4/conf/lvs-tun/accept_local 1 &&
		setting director ipv4/conf/lvs-tun/forwarding 1 &&
		on director link set lvs-tun addrgenmode none && at director sh -e <"$HOSTS_WORK/lines"
}
check "its lines are commands" by_hand
state "$HOSTS_WORK/before"
# But for whether somebody reads there.
as_before_but_carrier() {
	state "$HOSTS_WORK/after"
	diff <(carrier "$HOSTS_WORK/before") <(carrier "$HOSTS_WORK/after")
}
carrier() {
	sed -E '/ lvs-tun: <|^multicast .* lvs-tun/d; s/vnet_hdr (on|off)|numqueues [01]| linkdown//g; s/ +$//' "$1"
}
check "they make the rules that lvsd makes" equal "$(ours)" 4
# refused_for WORDS: one with set-up of its own is, in one line, and changes nothing.
refused_for() {
	alone --io $IO
	equal $? 1 && equal "$(wc -l <"$HOSTS_WORK/second")" 1 && grep -q "$1" "$HOSTS_WORK/second" &&
		as_before_but_carrier
}
check "without --no-setup the device is in the way" refused_for 'there is an interface of that name already'
must lvsd --no-setup
check "--no-setup changes nothing" as_before_but_carrier
check "its name is taken" refused_for 'another lvsd runs here; give it another --name'
check "the service answers all the same" serves
check "the host's own, too" ping_once 192.0.2.80
check "lvsd ends well" stop "$DIRECTOR"
check "--no-setup leaves all" as_before_but_carrier
undo_by_hand() {
	on director link del lvs-tun && on director addr del 2001:db8:1::80/128 dev d0 &&
		setting director ipv4/conf/d0/forwarding 0 && setting director ipv4/conf/d1/forwarding 0
}
must undo_by_hand # the rest, as a crashed one's, is removed below; settings stay
must lvsd
check "the next takes the rest for a crashed one's" equal "$(ours)" 4
check "lvsd ends well" stop "$DIRECTOR"
check "no table is left" equal "$(at director nft list tables | grep -c lvs_0)" 0
check "no address is left" equal "$(on director addr | grep -c '192.0.2.80/\|1::80/')" 0
check "no rule is left" equal "$(ours)" 0
check "no route is left" not grep -q '1280\|4c56' <(on director route show table all; on director -6 route show table all)

# 4. A crash. Settings do not come back after one: they are made beforehand.
must forwarding director
must setting director ipv4/ip_early_demux 0
must count client c0 leak 'ip saddr 198.51.100.0/24 tcp sport 8080'
state "$HOSTS_WORK/before"
must lvsd
stop "$DIRECTOR" KILL
check "a killed one leaves its rules" equal "$(ours)" 4
check "and nothing into its device" not grep -q 'dev lvs-tun' <(on director route show table all)
check "so that nobody is answered instead of it" not get nat '' --max-time 1
check "and nothing leaves untranslated" not_translated
must lvsd
check "the next serves" serves
check "with rules of its own only" equal "$(ours)" 4
check "the next ends well" stop "$DIRECTOR"
check "the next leaves nothing" as_before
must lvsd
stop "$DIRECTOR" KILL
unset LVSD_IO
must lvsd
check "the next with the adapter packet takes the rules away" equal "$(ours)" 0
check "and serves" serves
check "the next ends well" stop "$DIRECTOR"
check "the next leaves nothing" as_before
export LVSD_IO=tun:lvs-tun,

# 5. Its device: down and up, deleted.
must lvsd
must on director link set lvs-tun down
check "down, nobody is answered" not get nat '' --max-time 1
must on director link set lvs-tun up
check "up again, the service answers" in_time 10 serves
must on director link del lvs-tun
check "deleted, lvsd ends" soon gone "$DIRECTOR"
check "and says why" grep -q 'tun: TUN lvs-tun is gone' "$LOG"
check "and leaves nothing" as_before

# 6. Two of them, of two names, on one host.
must lvsd
FIRST=$DIRECTOR
printf -- '-A -t 192.0.2.81:80 -s rr\n-a -t 192.0.2.81:80 -r 198.51.100.12:8081 -m\n' >"$HOSTS_WORK/rules2"
start director "$HOSTS_WORK/two.log" "$LVSD" --io tun:two,d0,d1 --rules "$HOSTS_WORK/rules2" --name two
SECOND=$STARTED
must says "$HOSTS_WORK/two.log" 'ready: '
check "both have their rules" equal "$(ours)" 6
check "the kernel's is behind them, once" \
	equal "$(on director rule | grep '^0:' | tail -1)" "0:	from all lookup local"
check "the first still serves" serves
check "it ends well" stop "$FIRST"
check "the other's rules stay" equal "$(ours)" 2
check "the other ends well" stop "$SECOND"
check "nothing is left" as_before

# 7. TTL: once, in both directions, as through the kernel's IPVS.
watch() { # HOST INTERFACE FILTER: one packet of these, in words.
	start "$1" "$HOSTS_WORK/seen" tcpdump -i "$2" -nvl -c 1 --immediate-mode "$3"
	WATCH=$STARTED
	says "$HOSTS_WORK/seen" 'listening on'
}
saw() {
	soon gone "$WATCH" && cat "$HOSTS_WORK/seen" && grep -q "$1" "$HOSTS_WORK/seen"
}
ttl_is() {
	saw "\(ttl\|hlim\) $1\b"
}
client_ttl() {
	setting client ipv4/ip_default_ttl "$1" && setting client ipv6/conf/c0/hop_limit "$1"
}
must lvsd
must client_ttl 30
for family in '' 6; do
	must watch rs1 s0 "${family:+ip6 and }tcp dst port 8080"
	spread_even nat $family >/dev/null
	check "IPv${family:-4}: a request counts one hop" ttl_is 29
	must watch client c0 "${family:+ip6 and }tcp src port 80"
	spread_even nat $family >/dev/null
	check "IPv${family:-4}: a reply counts one hop" ttl_is 63
done
must client_ttl 2
for family in '' 6; do
	check "IPv${family:-4}: with 2 it gets there" get nat $family
done
must client_ttl 1
must watch client c0 'icmp[0] = 11'
check "IPv4: with 1 it does not" not get nat '' --max-time 1
check "and the director says so" saw '192.0.2.1 > 192.0.2.9: ICMP time exceeded in-transit'
must watch client c0 'icmp6 and ip6[40] = 3'
check "IPv6: with 1 it does not" not get nat 6 --max-time 1
check "and the director says so" saw '2001:db8:1::80 > 2001:db8:1::9: .*time exceeded in-transit' # as the kernel's IPVS does
check "lvsd ends well" stop "$DIRECTOR"
must lvsd --count-hops
must client_ttl 30
must watch rs1 s0 "tcp dst port 8080"
spread_even nat >/dev/null
check "--count-hops: a request counts three" ttl_is 27
check "lvsd ends well" stop "$DIRECTOR"

# 8. Direct routing needs a link layer.
cp "$RULES" "$HOSTS_WORK/good"
printf -- '-a -t 192.0.2.80:80 -r 198.51.100.13 -g\n' >>"$RULES"
mistake="lvsd: error: $RULES:9: server 198.51.100.13: direct routing (-g) needs a link layer, and --io tun has none; expected -m or -i, or --io packet"
refused() {
	cat "$HOSTS_WORK/second"
	grep -qxF "$mistake" "$HOSTS_WORK/second"
}
alone --check --io $IO
check "direct routing is refused by --check" equal $? 1
check "naming rule and adapter" refused
check "without --io it is not" alone --check
check "with --io packet neither" alone --check --io packet:d0,d1
alone --io $IO --print-setup
check "direct routing is refused by --print-setup" equal $? 1
check "naming rule and adapter" refused
state "$HOSTS_WORK/before"
alone --io $IO
check "direct routing is refused at start" equal $? 1
check "naming rule and adapter" refused
check "and nothing is left" as_before
cp "$RULES" "$HOSTS_WORK/bad"
cp "$HOSTS_WORK/good" "$RULES"
must lvsd
cp "$HOSTS_WORK/bad" "$RULES"
state "$HOSTS_WORK/before"
kill -HUP "$DIRECTOR"
check "direct routing is refused at SIGHUP" says "$LOG" 'nothing has changed'
check "naming rule and adapter" grep -qxF "$mistake" "$LOG"
check "nothing has changed" as_before
check "what was in force is" serves
check "lvsd ends well" stop "$DIRECTOR"
finish
