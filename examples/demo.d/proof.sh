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

# proof SENTENCE NUMBER TEST NUMBER: a sentence that should be true, with %d where the number stands.
proof() {
	local word=yes
	test "$2" "$3" "$4" || word=NO
	[ "$word" = yes ] || PROOF_FAILED=1
	# shellcheck disable=SC2059 # the sentence is ours
	printf "  %-3s  $1\n" "$word" "$2" >>"$HOSTS_WORK/proofs"
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
		proof "$name got its requests $what (%d packets)" "$(counted "$name" requests)" -ge $((3 * n))
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

# The shares are round robin's, give or take 2.
proof_shares() {
	local name share off=0
	if [ "$REQUESTS" -lt 12 ]; then
		echo '  -    too few requests to judge shares' >>"$HOSTS_WORK/proofs"
		return
	fi
	for name in $MODE_SERVERS; do
		share=$((3 * $(answered_by "$name") - REQUESTS))
		[ ${share#-} -le 6 ] || off=$((off + 1))
	done
	proof 'every server had its share, give or take 2 (%d had not)' "$off" -eq 0
}

# All was answered, in rr's shares, by the right way, and the servers saw the client's address.
proof_end() {
	PROOF_FAILED=
	proof "%d of $REQUESTS requests were answered" "$(wc -l <"$HOSTS_WORK/answers")" -eq "$REQUESTS"
	proof_shares
	proof "the servers saw the client's own address (%d answers say another)" \
		"$(awk '$2 != "192.0.2.9"' "$HOSTS_WORK/answers" | wc -l)" -eq 0
	proof_way "$1"
	[ -z "$PROOF_FAILED" ]
}
