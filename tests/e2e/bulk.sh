#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Bulk: ten downloads at once, then ten uploads, by each method and adapter, both families, with and
# without offloads. Every byte must be right, and none may come by a wrong way. "gue" and "gre" are
# tunnels, too, with remote checksum offload and with a checksum.
#
#    bulk.sh BUILD-DIRECTORY [MEGABYTES [CASE...]]      a file has 5 MB when nothing is said; a case is
#                                                       MODE-ADAPTER: nat-packet, dr-xdp, gue-tun ...
#
# Small files: all cases at once, each in namespaces of its own. Large ones: one after the other.
#
#    client 192.0.2.9 ==== director ==== rs1 .. rs3, 198.51.100.11 ..           NAT
#
#    client ==== router ==== rs1 .. rs3                                         TUN
#                  |
#               director 203.0.113.2
#
#    client ==+= director =+= rs1 .. rs3, 192.0.2.11 ..                         DR
#             one segment
#
# The file is made of a seed: its SHA-256 is known before it travels. An upload has a tenth of it.
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
. "$(dirname "$0")/lib-loss.sh"
SIZE=${2:-5} DOWN=10 SEED=20
CASES=("${@:3}")
# A TUN has no link layer to address a server by.
[ ${#CASES[@]} -gt 0 ] || CASES=(nat-packet nat-tun nat-xdp tun-packet tun-tun tun-xdp dr-packet dr-xdp)
[ ${#CASES[@]} -eq 1 ] || [ "$SIZE" -gt 10 ] || at_once "$0" "$1" "$SIZE" "${CASES[@]}"
begin "$@"
command -v ethtool >/dev/null || skip "ethtool is missing"

# The file, and its hash in BIG.
make_files() {
	BIG=$(python3 - "$SEED" "$SIZE" "$HOSTS_WORK/big" <<-'END'
		import hashlib, random, sys
		source, digest = random.Random(int(sys.argv[1])), hashlib.sha256()
		with open(sys.argv[3], "wb") as file:
		    for _ in range(int(sys.argv[2])):
		        data = source.randbytes(1 << 20)
		        digest.update(data)
		        file.write(data)
		print(digest.hexdigest())
	END
	) && head -c $((SIZE * 104858)) "$HOSTS_WORK/big" >"$HOSTS_WORK/up"
}

# The ways that no packet may take, counted at the hosts.
watch_ways() {
	local ip vip
	for ip in ip ip6; do
		[ $ip = ip ] && vip=$(mode_vip "$MODE") || vip=$(mode_vip "$MODE" 6)
		case $MODE in
		nat)
			count client c0 "wrong_$ip" \
				"$ip saddr { $(mode_server nat 1 "${ip#ip}"), $(mode_server nat 2 "${ip#ip}"), $(mode_server nat 3 "${ip#ip}") } tcp sport 8080"
			;;
		*) count director d0 "wrong_$ip" "$ip saddr $vip tcp sport 80" ;;
		esac || return
	done
}

wrong_ways() {
	local host=director
	[ "$MODE" != nat ] || host=client
	echo $(($(counted $host wrong_ip) + $(counted $host wrong_ip6)))
}

# ten COMMAND...: ten of it at once, each with its number; seconds in TOOK.
ten() {
	local n start pids=() bad=0
	start=$(date +%s%N)
	for ((n = 0; n < DOWN; n++)); do
		"$@" $n &
		pids+=($!)
	done
	for n in "${pids[@]}"; do
		wait "$n" || bad=$((bad + 1))
	done
	TOOK=$((($(date +%s%N) - start) / 1000000))
	[ $bad -eq 0 ] || { echo "$bad of $DOWN failed" && return 1; }
}

download() { # NUMBER
	local got
	got=$(at client sh -c 'curl -sS -f --max-time 300 "$1" | sha256sum' sh "$URL/files/big") &&
		equal "${got%% *}" "$BIG"
}

upload() { # NUMBER
	at client curl -sS -f --max-time 300 -o /dev/null -T "$HOSTS_WORK/up" "$URL/files/up$1"
}

# Every file that went up is at one server, and whole.
uploads_right() {
	local n found
	ten upload || return
	for ((n = 0; n < DOWN; n++)); do
		found=("$HOSTS_WORK"/rs?/files/"up$n")
		equal ${#found[@]} 1 && cmp "$HOSTS_WORK/up" "${found[0]}" || return
	done
	rm "$HOSTS_WORK"/rs?/files/up?
}

rate() { # BYTES
	awk -v bytes="$1" -v ms="$TOOK" \
		'BEGIN { printf "%d MB in %.1f s, %.2f Gbit/s", bytes / 1e6, ms / 1e3, bytes * 8e-6 / ms }'
}

# average BYTES PACKETS on|off: whether packets were super-packets, or none. AF_XDP has them cut before it.
average() {
	local bytes=$(($1 / ($2 ? $2 : 1)))
	echo "$bytes bytes a packet, offloads $3"
	if [ "$3" = on ]; then [ $bytes -gt 3000 ]; else [ $bytes -le 1500 ]; fi
}

cell() { # ADAPTER FAMILY on|off
	local name="$LABEL $1 IPv${2:-4} offloads $3" wrong rx bytes down whole=$3
	[ "$1" != xdp ] || whole=off
	URL=$(mode_url "$MODE" "$2")
	must offloads "$3"
	wrong=$(wrong_ways)
	check "$name: $DOWN x $SIZE MB down, every hash right" ten download
	down=$(rate $((DOWN * SIZE << 20)))
	must tell
	rx=$(adapter rx) bytes=$(adapter rx_bytes)
	check "$name: $DOWN x $((SIZE * 104858)) bytes up, every byte right" uploads_right
	must tell
	printf '# %s: down %s; up %s\n' "$name" "$down" "$(rate $((DOWN * SIZE * 104858)))"
	check "$name: as large packets as there should be" \
		average $(($(adapter rx_bytes) - bytes)) $(($(adapter rx) - rx)) "$whole"
	check "$name: no packet took a wrong way" equal $(($(wrong_ways) - wrong)) 0
	check "$name: lvsd dropped nothing, and could send all" clean_counters
	[ "$(adapter rx_lost)" -eq 0 ] || echo "# so far $(adapter rx_lost) found no room in lvsd's receive buffer"
	[ "$(adapter tx_full)" -eq 0 ] || echo "# so far $(adapter tx_full) found no room in a link's queue"
	check "$name: lvsd's memory did not grow" near "$(memory VmData)" "$DATA" 64
}

matrix() { # MODE ADAPTER
	local family state n
	MODE=$1 LABEL=$1
	case $1 in
	gue) MODE=tun && tunnel_kind --tun-type gue --tun-port 6080 --tun-remcsum ;;
	gre) MODE=tun && tunnel_kind --tun-type gre --tun-csum ;;
	*) tunnel_kind ;;
	esac
	adapter_is "$2"
	why=$(adapter_works) || { echo "skip - $LABEL $2: $why" && return; }
	must mode_build "$MODE"
	for n in 1 2 3; do
		must web rs$n
		ln -s "$HOSTS_WORK/big" "$HOSTS_WORK/rs$n/files/big"
	done
	{ mode_rules "$MODE" && mode_rules "$MODE" 6; } >"$RULES"
	must director "$RULES" "$MODE"
	DIRECTOR=$STARTED
	# The first connection of each family takes memory for many.
	must soon get "$MODE" >/dev/null && must soon get "$MODE" 6 >/dev/null
	DATA=$(memory VmData)
	must watch_ways
	for family in '' 6; do
		for state in on off; do
			cell "$2" "$family" $state
		done
	done
	check "$LABEL $2: lvsd finds itself sound" sound
	check "$LABEL $2: each packet that came has a reason" all_accounted
	echo "# $LABEL $2: lvsd has $(memory VmData) kB of data, of $DATA at the start; $(memory VmRSS) kB in memory"
	check "$LABEL $2: lvsd ends well" stop "$DIRECTOR"
	hosts_clear
	rm -rf "$HOSTS_WORK"/rs?
}

must make_files
echo "# $DOWN downloads at once of $SIZE MB, seed $SEED, SHA-256 $BIG"
for one in "${CASES[@]}"; do
	matrix "${one%-*}" "${one#*-}"
done
finish
