#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Large datagrams and fragmented TCP by each of the three ways, both families, in any order; the host's
# own fragments to and from the same addresses.
#
#    client 192.0.2.9 ==== director ==== rs1 .. rs3, 198.51.100.11 ..           NAT
#       `- cut0: a TUN whose reader cuts, and sends by c0; the servers have one, too
#
#    client ==== router ==== rs1 .. rs3                                         TUN
#                  |
#               director 203.0.113.2
#
#    client ==+= director =+= rs1 .. rs3, 192.0.2.11 ..                         DR
#             one segment
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
begin "$@"
tool=$E2E/lib-fragment.py
PORT=7000 PLAIN=7001 HOSTS_OWN=7002

rules() { # MODE
	local n vip port family flag=-g server_port
	[ "$1" != nat ] || flag=-m
	[ "$1" != tun ] || flag=-i
	for family in '' 6; do
		vip=$(bracket "$(mode_vip "$1" $family)")
		for port in $PORT $PLAIN; do
			server_port=$port
			[ "$1" != nat ] || server_port=$((port + 1000))
			printf -- '-A -u %s:%s -s rr\n-A -t %s:%s -s rr\n' "$vip" $port "$vip" $port
			for n in 1 2 3; do
				printf -- '-a %s %s:%s -r %s:%s %s\n' -u "$vip" $port \
					"$(bracket "$(mode_server "$1" $n $family)")" $server_port $flag \
					-t "$vip" $port "$(bracket "$(mode_server "$1" $n $family)")" $server_port $flag
			done
		done
	done
}
serve() { # HOST PORT PORT
	start "$1" "$HOSTS_WORK/$1-$2.log" python3 "$tool" serve "$2" "$3"
	says "$HOSTS_WORK/$1-$2.log" ready
}
# cutter HOST DEVICE ADDRESS...: what goes to these from there is cut as the file "cut-HOST" says.
cutter() {
	local to via
	must cut_as "$1" 1400 in
	start "$1" "$HOSTS_WORK/cutter-$1.log" python3 "$tool" cut cut0 "$2" "$HOSTS_WORK/cut-$1"
	says "$HOSTS_WORK/cutter-$1.log" ready || return
	setting "$1" ipv4/conf/all/rp_filter 0
	on "$1" link set cut0 up mtu 65000 || return
	for to in "${@:3}"; do
		via=$(on "$1" route get "$to" | sed -n 's/.* via \([^ ]*\).*/\1/p')
		# The way by cut0 comes first; who asks for the device takes the other.
		on "$1" route add "$to" ${via:+via "$via"} dev "$2" metric 2000 &&
			on "$1" route add "$to" dev cut0 metric 1 src "$(source_of "$1" "$2" "$to")" || return
	done
}
# The address that speaks for a host's device.
source_of() {
	local version=-4
	[[ $3 != *:* ]] || version=-6
	on "$1" $version -o addr show dev "$2" scope global | awk '{ sub("/.*", "", $4); print $4; exit }'
}
cut_as() { # HOST LENGTH WAY
	echo "$2 $3" >"$HOSTS_WORK/cut-$1"
}
all_cut_as() { # LENGTH WAY
	local host
	for host in client rs1 rs2 rs3; do
		[ ! -e "$HOSTS_WORK/cut-$host" ] || cut_as $host "$1" "$2"
	done
}

# echoes EXPECTED ADDRESS PORT SIZE COUNT [plain]: by UDP, from the client.
echoes() {
	local wait=2
	[ "$1" != "0 0" ] || wait=0.5
	equal "$(at "${ASKER:-client}" python3 "$tool" udp $wait "${@:2}")" "$1"
}
tcp() { # ADDRESS PORT SIZE
	equal "$(at client python3 "$tool" tcp "$@")" whole
}
counts() { # REASON NUMBER COMMAND...: by the command this reason counts so many more at least.
	local before
	tell && before=$(reason "$1") && "${@:3}" && tell && more "$(reason "$1")" $((before + $2 - 1))
}

set_up() { # MODE
	local name
	MODE=$1
	must mode_build "$MODE"
	for name in rs1 rs2 rs3; do
		if [ "$MODE" = nat ]; then
			must serve $name $((PORT + 1000)) $((PLAIN + 1000))
		else
			must serve $name $PORT $PLAIN
		fi
	done
	must serve director $HOSTS_OWN $((HOSTS_OWN + 1))
	[ "$MODE" != nat ] || must forwarding director
	must cutter client c0 "$(mode_vip "$MODE")" "$(mode_vip "$MODE" 6)"
	for name in rs1 rs2 rs3; do
		must cutter $name s0 192.0.2.9 2001:db8:1::9
	done
	rules "$MODE" >"$RULES"
	must director "$RULES" "$MODE" --workers 2
	DIRECTOR=$STARTED
	must count client c0 untranslated 'ip saddr 198.51.100.0/24'
	must count client c0 untranslated6 'ip6 saddr 2001:db8:2::/64'
}
tear_down() {
	check "$MODE: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -f "$HOSTS_WORK"/cut-*
}

# What is right in any order, by UDP with and without a checksum, and by TCP.
case_orders() { # FAMILY NAME
	local vip way plain=
	vip=$(mode_vip "$MODE" "$1")
	[ -n "$1" ] || plain=plain
	check "$2: a datagram that is not cut" soon echoes "1 0" "$vip" $PORT 100 1
	for way in in reverse random twice; do
		all_cut_as 1200 $way
		check "$2: 20,000 bytes, $way: every one" echoes "6 0" "$vip" $PORT 20000 6
		[ -z "$plain" ] || check "$2: the same without a checksum" echoes "6 0" "$vip" $PLAIN 20000 6 plain
		all_cut_as 400 $way
		check "$2: TCP in fragments, $way: every byte" tcp "$vip" $PORT 100000
	done
	all_cut_as 1200 in
	check "$2: the longest datagram" echoes "2 0" "$vip" $PORT 64000 2
	all_cut_as 400 tiny
	check "$2: UDP, its header alone in the first" echoes "3 0" "$vip" $PORT 2000 3
}
# What is refused, and counted.
case_attacks() { # FAMILY NAME
	local vip
	vip=$(mode_vip "$MODE" "$1")
	all_cut_as 400 in
	cut_as client 400 overlap
	check "$2: overlapping fragments: none gets through" \
		counts fragment_overlap 2 echoes "0 0" "$vip" $PORT 2000 2
	cut_as client 400 odd
	check "$2: a first one of odd length: none" counts fragment_bad 1 echoes "0 0" "$vip" $PORT 2000 1
	cut_as client 400 lost
	check "$2: the last is lost: no echo" echoes "0 0" "$vip" $PORT 2000 1
	cut_as client 400 in
	check "$2: ... and all is well again" echoes "3 0" "$vip" $PORT 2000 3
}
# The host's own, to and from the same addresses.
case_host() { # FAMILY NAME
	local vip client=192.0.2.9
	[ -z "$1" ] || client=2001:db8:1::9
	vip=$(mode_vip "$MODE" "$1")
	# Of the first the host may hear that its link takes more than the client's (TUN).
	check "$2: the host's own port of the service's address" soon echoes "1 0" "$vip" $HOSTS_OWN 20000 1
	for way in in reverse random; do
		all_cut_as 1200 $way
		check "$2: the host's own port of the service's address, $way" echoes "3 0" "$vip" $HOSTS_OWN 20000 3
	done
	all_cut_as 1200 reverse
	check "$2: a large ping of the service's address" at client ping -q -c 2 -i 0.05 -W 2 -s 4000 "$vip"
	[ "$MODE" = nat ] || return 0
	local server=198.51.100.11
	[ -z "$1" ] || server=2001:db8:2::11
	check "$2: a large ping from a server to the client" at rs1 ping -q -c 2 -i 0.05 -W 2 -s 4000 $client
	check "$2: a client that asks a server's other port" echoes "3 0" $server 9000 20000 3
	check "$2: ... or the service's port there" soon echoes "3 0" $server $((PORT + 1000)) 20000 3
	check "$2: the director does" ASKER_is director echoes "3 0" $server $((PORT + 1000)) 20000 3
}
ASKER_is() {
	local ASKER=$1
	"${@:2}"
}

for mode in ${MODES:-nat dr tun}; do
	set_up $mode
	[ $mode != nat ] || must serve rs1 9000 9001
	for family in '' 6; do
		name="$mode, IPv${family:-4}"
		case_orders "$family" "$name"
		case_attacks "$family" "$name"
		check "$name: nothing came untranslated" equal "$(counted client "untranslated$family")" 0
		case_host "$family" "$name"
	done
	if [ $mode = nat ]; then
		check "$mode: the adapter gave back what was the host's" tell
		check "$mode: ... by the TUN" more "$(adapter passed)" 100
		check "$mode: early fragments were held" more "$(reason fragment_held)" 100
	fi
	tear_down
done
finish
