# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Which way the packets went, by counters at the hosts that they must, or must not, come to.
# Needs hosts.sh and modes.sh. Sentences go to HOSTS_WORK/proofs.

proof_begin() {
	local vip director name
	vip=$(mode_vip "$1") director=$(mac director d0)
	local reply="ip saddr $vip tcp sport 80"
	count client c0 replies "$reply" && count director d0 replies "$reply" || return
	case $1 in
	nat)
		count client c0 straight "ether saddr != $director $reply" &&
			count client c0 untranslated 'ip saddr 198.51.100.0/24 tcp sport 8080'
		;;
	tun) count router r1 wrapped 'ip protocol 4 ip saddr 203.0.113.2' ;;
	dr) count client c0 by_director "ether saddr $director $reply" ;;
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

# proof NUMBER TEST NUMBER SENTENCE
proof() {
	if [ "$1" "$2" "$3" ]; then
		printf '  yes  %s (%s)\n' "$4" "$1"
	else
		printf '  NO   %s (%s)\n' "$4" "$1"
		PROOF_FAILED=1
	fi >>"$HOSTS_WORK/proofs"
}

proof_way() {
	local name
	for name in $MODE_SERVERS; do
		proof "$(counted "$name" requests)" -ge "$REQUESTS" "$(proof_sentence "$1" "$name")"
	done
	proof "$(counted client replies)" -ge "$REQUESTS" 'replies come to the client from the service address'
	case $1 in
	nat)
		proof "$(counted client straight)" -eq 0 'replies pass the director: none from another MAC'
		proof "$(counted client untranslated)" -eq 0 "none has a server's own address"
		;;
	tun)
		proof "$(counted router wrapped)" -ge $((3 * REQUESTS)) 'IP in IP from the director at the router'
		proof "$(counted director replies)" -eq 0 'replies at the director'
		;;
	dr)
		proof "$(counted client by_director)" -eq 0 "replies with the director's MAC"
		proof "$(counted director replies)" -eq 0 'replies at the director'
		;;
	esac
}

proof_sentence() {
	case $1 in
	nat) echo "$2 was sent packets with its own address as destination" ;;
	tun) echo "$2 was sent packets in IP in IP" ;;
	dr) echo "$2 was sent packets of the service address with its own MAC" ;;
	esac
}

# All was answered, in rr's shares, by the right way, and the servers saw the client's address.
proof_end() {
	local name n third=$((REQUESTS / 3))
	PROOF_FAILED=
	proof "$(wc -l <"$HOSTS_WORK/answers")" -eq "$REQUESTS" "of $REQUESTS requests are answered"
	for name in $MODE_SERVERS; do
		n=$(answered_by "$name")
		proof "$n" -ge $((third - 2)) "answered by $name, round robin's share is $third"
		proof "$n" -le $((third + 2)) "no more than that"
	done
	proof "$(awk '$2 != "192.0.2.9"' "$HOSTS_WORK/answers" | wc -l)" -eq 0 \
		"answers where the server saw another address than the client's"
	proof_way "$1"
	[ -z "$PROOF_FAILED" ]
}
