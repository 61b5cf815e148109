# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Which way the packets went, by counters at the hosts that they must, or must not, come to.
# Needs hosts.sh and modes.sh. Sentences go to HOSTS_WORK/proofs.

proof_begin() {
	local vip director name reply
	vip=$(mode_vip "$1") director=$(mac director d0)
	reply="ip saddr $vip tcp sport 80"
	count client c0 replies "$reply" && count director d0 replies "$reply" || return
	case $1 in
	nat)
		count client c0 other_way "ether saddr != $director $reply" &&
			count client c0 untranslated 'ip saddr 198.51.100.0/24 tcp sport 8080'
		;;
	tun) count router r1 wrapped 'ip protocol 4 ip saddr 203.0.113.2' ;;
	dr) count client c0 other_way "ether saddr $director $reply" ;;
	esac || return
	for name in $MODE_SERVERS; do
		case $1 in
		nat) count "$name" s0 requests "ip saddr 192.0.2.9 ip daddr != $vip tcp dport 8080" ;;
		tun) count "$name" s0 requests 'ip protocol 4 ip saddr 203.0.113.2' ;;
		dr) count "$name" s0 requests \
			"ether saddr $director ether daddr $(mac "$name" s0) ip daddr $vip tcp dport 80" ;;
		esac || return
	done
}

# proof SENTENCE NUMBER TEST NUMBER
proof() {
	local word=yes
	test "$2" "$3" "$4" || word=NO
	[ "$word" = yes ] || PROOF_FAILED=1
	printf '  %-3s %7d  %s\n' "$word" "$2" "$1" >>"$HOSTS_WORK/proofs"
}

proof_way() {
	local name what n
	case $1 in
	nat) what='with its own address as destination' ;;
	tun) what='inside IP in IP' ;;
	dr) what="to the service's address, sent to its MAC" ;;
	esac
	for name in $MODE_SERVERS; do
		n=$(answered_by "$name")
		proof "packets at $name $what" "$(counted "$name" requests)" -ge $((3 * n))
	done
	[ "$1" != tun ] ||
		proof 'packets in IP in IP at the router' "$(counted router wrapped)" -ge $((3 * REQUESTS))
	proof "replies from the service's address at the client" "$(counted client replies)" -ge "$REQUESTS"
	case $1 in
	nat)
		proof 'of them not by the director' "$(counted client other_way)" -eq 0
		proof "replies from a server's own address at the client" "$(counted client untranslated)" -eq 0
		;;
	dr) proof "of them with the director's MAC" "$(counted client other_way)" -eq 0 ;;
	esac
	[ "$1" = nat ] || proof 'replies that came to the director' "$(counted director replies)" -eq 0
}

# All was answered, in rr's shares, by the right way, and the servers saw the client's address.
proof_end() {
	local name n share off=0
	PROOF_FAILED=
	proof "requests answered, of $REQUESTS" "$(wc -l <"$HOSTS_WORK/answers")" -eq "$REQUESTS"
	for name in $MODE_SERVERS; do
		n=$(answered_by "$name")
		share=$((3 * n - REQUESTS))
		[ ${share#-} -le 6 ] || off=$((off + 1))
	done
	proof "servers whose share is not round robin's, give or take 2" "$off" -eq 0
	proof "answers to which the server saw another address than the client's" \
		"$(awk '$2 != "192.0.2.9"' "$HOSTS_WORK/answers" | wc -l)" -eq 0
	proof_way "$1"
	[ -z "$PROOF_FAILED" ]
}
