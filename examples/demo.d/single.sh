# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# One director before three servers, by one of the three ways. Needs modes.sh and proof.sh.

# single_prepare MODE: hosts, servers, the director, counters.
single_prepare() {
	local name
	SERVERS='rs1 rs2 rs3'
	mode_build "$1" || return
	for name in $SERVERS; do
		web "$name" || return
	done
	mode_rules "$1" "$FAMILY" >"$HOSTS_WORK/rules"
	director "$HOSTS_WORK/rules" "$1" --forwarding || return
	LVSD_PIDS+=("$STARTED")
	single_count "$1"
}

single_director() {
	echo director
}

single_url() {
	mode_url "$1" "$FAMILY"
}

single_count() {
	local vip director name reply
	vip=$(mode_vip "$1" "$FAMILY") director=$(mac director d0)
	reply="$IP saddr $vip tcp sport 80"
	count client c0 replies "$reply" && count director d0 replies "$reply" || return
	case $1 in
	nat)
		count client c0 other_way "ether saddr != $director $reply" &&
			count client c0 untranslated "$IP saddr $(plan_net 2) tcp sport 8080"
		;;
	tun) count router r1 wrapped "$TUNNELLED $IP saddr $(plan 3 2)" ;;
	dr) count client c0 other_way "ether saddr $director $reply" ;;
	esac || return
	for name in $SERVERS; do
		case $1 in
		nat) count_translated "$name" "$(mac director d1)" 2 ;;
		tun) count "$name" s0 requests "$TUNNELLED $IP saddr $(plan 3 2)" ;;
		dr) count_relayed "$name" "$director" "$vip" ;;
		esac || return
	done
}

single_proofs() {
	local name what
	case $1 in
	nat) what='with its own address as destination' ;;
	tun) what='inside IP in IP' ;;
	dr) what="to the service's address, sent to its MAC" ;;
	esac
	for name in $SERVERS; do
		proof_requests "$name" "$what"
	done
	[ "$1" != tun ] ||
		proof 'the router carried them as IP in IP (%d packets)' "$(counted router wrapped)" -ge \
			$((3 * REQUESTS))
	proof "replies came to the client from the service's address (%d packets)" \
		"$(counted client replies)" -ge "$REQUESTS"
	case $1 in
	nat)
		proof 'every reply came by the director (%d did not)' "$(counted client other_way)" -eq 0
		proof "no reply bore a server's own address (%d did)" "$(counted client untranslated)" -eq 0
		;;
	dr) proof "no reply bore the director's MAC (%d did)" "$(counted client other_way)" -eq 0 ;;
	esac
	[ "$1" = nat ] || proof 'no reply passed the director (%d did)' "$(counted director replies)" -eq 0
}
