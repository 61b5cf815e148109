#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Super-packets and partial checksums of real kernels through lvsd, in both families, by each way:
# with offloads on and off where packets are made, where they come in and where they go out.
#
#     client c0 === d0 director d1 ===+= s0 rs1           NAT: replies pass, too
#     client c0 =+= d0 director   =+=== s0 rs1            DR
#     client c0 === router === d0 director; === s0 rs1    TUN: pieces only leave
#
#   made:  "whole" TSO, GSO and checksum offload; "sums" the last alone; "plain" none of them
#   in:    GRO on the director's interfaces puts plain segments together again
#   out:   with none there, the kernel cuts and sums what lvsd sends whole
#
# Where packets come in as they leave, whole or in pieces, there are as many frames on the way out as on the
# way in. By the adapter "packet"; some by "tun"; and by "xdp", which gets pieces always.
#
#    offload.sh BUILD-DIRECTORY [- CASE]      all at once, when none is named
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-mode.sh"
. "$(dirname "$0")/lib-report.sh"
. "$(dirname "$0")/lib-loss.sh"
CASES=(nat-packet dr-packet tun-packet nat-tun tun-tun nat-xdp dr-xdp tun-xdp)
[ -n "${3:-}" ] || at_once "$0" "${1:?usage: offload.sh BUILD-DIRECTORY [- CASE]}" - "${CASES[@]}"
begin "$@"
for need in ethtool nstat; do
	command -v $need >/dev/null || skip "$need is missing"
done
LARGE=3000 # no link carries an ordinary packet of that length

# offload HOST INTERFACE whole|sums|plain [GRO]
offload() {
	local tx=on tso=on
	[ "$3" = whole ] || tso=off
	[ "$3" != plain ] || tx=off
	at "$1" ethtool -K "$2" tx $tx tso $tso gso $tso gro "${4:-off}" >/dev/null 2>&1
}

# made KIND GRO, out KIND GRO. Linux gathers what comes in at a veth only where its other end has
# no TSO, or a socket's own packets come.
made() {
	local before=whole
	[ "$2" = off ] || before=plain
	offload client c0 "$1" && offload rs1 s0 "$1" || return
	case $MODE in
	tun) offload router r1 $before ;;
	*) offload lan director $before ;;
	esac
}

out() {
	local name
	for name in $(mode_interfaces "$MODE" | tr , ' '); do
		offload director "$name" "$1" "$2" || return
	done
}

# watch HOST INTERFACE NAME FILTER: counts what is large there, by two families.
watch() {
	must count "$1" "$2" "$3" "meta length > $LARGE $4"
}

# Whether 4 MB go up whole (and, where replies pass, come down).
transfer() {
	local url
	url=$(mode_url "$MODE" "$1")
	uploaded "$HOSTS_WORK/data" "$url" || return
	at client curl -sS --max-time 30 "$url/files/data" | cmp - "$HOSTS_WORK/data"
}

no_checksum_errors() {
	local name
	for name in client director rs1; do
		at "$name" nstat -asz TcpInCsumErrors IpInHdrErrors UdpInCsumErrors Udp6InCsumErrors Icmp6InCsumErrors |
			awk '!/^#/ && $2 > 0 { print; bad = 1 } END { exit bad }' || return
	done
}

# whole|pieces BEFORE NOW: whether large packets were seen.
whole() {
	more $(($2 - $1)) 20
}

pieces() {
	equal $(($2 - $1)) 0
}

# frames WHERE FAMILY: TCP of the service, there and back; WHERE is in or out.
frames() {
	local family=${2:-4}
	case $1 in
	in) echo "$(counted director "there$family") $([ "$MODE" != nat ] || counted director "answer$family")" ;;
	out) echo "$(counted rs1 "gets$family") $([ "$MODE" != nat ] || counted client "hears$family")" ;;
	esac
}

# as_many IN OUT FAMILY: since then as many have left as came.
as_many() {
	local in out
	read -ra in <<<"$1 $(frames in "$3")"
	read -ra out <<<"$2 $(frames out "$3")"
	if [ "$MODE" = nat ]; then
		equal $((out[2] - out[0])) $((in[2] - in[0])) && equal $((out[3] - out[1])) $((in[3] - in[1]))
	else
		equal $((out[1] - out[0])) $((in[1] - in[0]))
	fi
}

# row NAME MADE OUT GRO IN LEFT: one setting, both families; what comes in and goes out is whole or
# in pieces.
row() {
	local family come left back in out
	must made "$2" "$4"
	must out "$3" "$4"
	for family in '' 6; do
		come=$(counted director "come$family") left=$(counted rs1 "left$family")
		back=$(counted client "back$family") in=$(frames in "$family") out=$(frames out "$family")
		check "$LABEL${family:+ IPv6}, $1: 4 MB each way" transfer "$family"
		check "$LABEL${family:+ IPv6}, $1: they come in $5" "$5" "$come" "$(counted director "come$family")"
		check "$LABEL${family:+ IPv6}, $1: they leave $6" "$6" "$left" "$(counted rs1 "left$family")"
		[ "$MODE" != nat ] || check "$LABEL${family:+ IPv6}, $1: so do replies" \
			"$6" "$back" "$(counted client "back$family")"
		[ "$5" != "$6" ] || [ "$MODE" = tun ] ||
			check "$LABEL${family:+ IPv6}, $1: as many frames leave as came" as_many "$in" "$out" "$family"
	done
}

# xdp_row NAME MADE: what comes to AF_XDP is in pieces, what leaves too.
xdp_row() {
	local family left rx bytes
	must made "$2" off
	for family in '' 6; do
		must tell
		left=$(counted rs1 "left$family") rx=$(adapter rx) bytes=$(adapter rx_bytes)
		check "$LABEL${family:+ IPv6}, $1: 4 MB each way" transfer "$family"
		must tell
		check "$LABEL${family:+ IPv6}, $1: they come in pieces" \
			more 1501 $((($(adapter rx_bytes) - bytes) / ($(adapter rx) - rx)))
		check "$LABEL${family:+ IPv6}, $1: they leave in pieces" pieces "$left" "$(counted rs1 "left$family")"
	done
}

none_lost() {
	local name
	tell || return
	for name in uncut too_long tx_failed rx_bad pass_failed; do
		echo "$name:"
		equal "$(adapter $name)" 0 || return
	done
}

udp_service() { # VIP SERVER FLAG
	printf -- '-A -u %s:53 -s rr\n-a -u %s:53 -r %s:53 %s\n' "$1" "$1" "$2" "$3"
}

rules() {
	local flag=-g
	case $MODE in
	nat) flag=-m ;;
	tun) flag=-i ;;
	esac
	for family in '' 6; do
		mode_service "$MODE" $family
		mode_dest "$MODE" 1 1 $family
		udp_service "$(bracket "$(mode_vip "$MODE" $family)")" \
			"$(bracket "$(mode_server "$MODE" 1 "${1-$family}")")" $flag
	done
}

# datagrams NAME FAMILY SIZE: 40 super-packets of datagrams of SIZE bytes; each must arrive.
datagrams() {
	local each=$((60000 / $3))
	start rs1 "$HOSTS_WORK/count" python3 "$E2E/lib-udp.py" count 53 "$3"
	says "$HOSTS_WORK/count" ready || return
	at client python3 "$E2E/lib-udp.py" blast "$(mode_vip "$MODE" "$2")" 53 "$3" 40 &&
		says "$HOSTS_WORK/count" "count" && equal "$(awk '$1 == "count" { print $2 }' "$HOSTS_WORK/count")" $((40 * each))
}

udp_row() { # NAME SIZE
	local family come
	if [ "$(uname -r | awk -F '[.-]' '{ print $1 * 1000 + $2 }')" -lt 6002 ]; then
		echo "skip - $LABEL, $1: Linux before 6.2 does not describe datagrams in super-packets"
		return
	fi
	for family in '' 6; do
		come=$(counted director "come$family")
		check "$LABEL${family:+ IPv6}, $1: each datagram arrives" datagrams "$1" "$family" "$2"
		[ "$ADAPTER" = xdp ] || check "$LABEL${family:+ IPv6}, $1: they come in whole" whole "$come" "$(counted director "come$family")"
	done
}

# watch_frames [6]: all of the service's TCP, where it comes in and where it has left.
watch_frames() {
	local ip=ip$1 family=${1:-4} vip server port=80
	vip=$(mode_vip "$MODE" "$1") server=$(mode_server "$MODE" 1 "$1")
	must count director d0 "there$family" "$ip daddr $vip tcp dport 80"
	if [ "$MODE" = nat ]; then
		port=8080
		must count director d1 "answer$family" "$ip saddr $server tcp sport 8080"
		must count client c0 "hears$family" "$ip saddr $vip tcp sport 80"
	fi
	must count rs1 s0 "gets$family" "meta protocol $ip tcp dport $port"
}

set_up() { # MODE ADAPTER
	MODE=$1 ADAPTER=$2 LABEL="$1 $2"
	adapter_is "$2"
	why=$(adapter_works) || { echo "skip - $LABEL: $why" && exit 0; }
	must mode_build "$MODE"
	must web rs1
	ln -s "$HOSTS_WORK/data" "$HOSTS_WORK/rs1/files/data"
	rules >"$RULES"
	must director "$RULES" "$MODE"
	DIRECTOR=$STARTED
	for family in '' 6; do
		watch director d0 "come$family" "meta protocol ip$family"
		watch rs1 s0 "left$family" "meta protocol ip$family"
		watch client c0 "back$family" "meta protocol ip$family"
		watch_frames "$family"
	done
}

tear_down() {
	check "$LABEL: nothing was lost" none_lost
	check "$LABEL: no checksum was wrong" no_checksum_errors
	check "$LABEL: lvsd ends well" stop "$DIRECTOR"
}

all_rows() { # LEFT: how super-packets leave
	row "all on" whole whole off whole "$1"
	udp_row "datagrams, all on" 1200
	row "none on the way out" whole plain off whole pieces
	udp_row "datagrams, none on the way out" 1200
	row "checksums alone" sums whole off pieces pieces
	row "none" plain plain off pieces pieces
	row "none but GRO" plain whole on whole "$1"
	row "GRO, none on the way out" plain plain on whole pieces
}

case_narrow() { # NAME FAMILY SIZE COUNTER
	local before
	before=$(counted rs1 "$4")
	check "narrow, $1: each datagram arrives" datagrams "$1" "$2" "$3"
	check "narrow, $1: in fragments" more $(($(counted rs1 "$4") - before)) 1000
}

# The way to the servers carries less: datagrams that may be fragmented are, in each tunnel.
narrow() {
	must made whole off
	must out whole off
	must on director route add 198.51.100.0/24 via 203.0.113.1 mtu 1300
	must on director route add 2001:db8:2::/64 via 2001:db8:3::1 mtu 1300
	sleep 0.5
	must count rs1 s0 fragments 'ip frag-off & 0x3fff != 0'
	must count rs1 s0 fragments6 'ip6 nexthdr 44'
	case_narrow "4 in 4" '' 1300 fragments
	case_narrow "6 in 6" 6 1232 fragments6
	rules 6 >"$RULES"
	must reload
	case_narrow "4 in 6" '' 1300 fragments6
	rules '' >"$RULES"
	must reload
	must on director route change 198.51.100.0/24 via 203.0.113.1 mtu 1290
	sleep 0.5
	case_narrow "6 in 4" 6 1232 fragments
}

head -c 4M /dev/urandom >"$HOSTS_WORK/data"
set_up "${3%-*}" "${3#*-}"
left=whole
[ "$MODE" != tun ] || left=pieces
case $ADAPTER in
packet)
	all_rows $left
	[ "$MODE" != tun ] || narrow
	;;
tun) # where the host routes what it is given
	row "all on" whole whole off whole $left
	udp_row "datagrams, all on" 1200
	row "none on the way out" whole plain off whole pieces
	row "none" plain plain off pieces pieces
	;;
xdp)
	xdp_row "all on" whole
	udp_row "datagrams, all on" 1200
	xdp_row "checksums alone" sums
	xdp_row "none" plain
	;;
esac
tear_down
finish
