# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What must be true after the requests, by their answers and by counters at the hosts that packets
# must, or must not, come to. Needs hosts.sh and family.sh. Sentences go to HOSTS_WORK/proofs.

# What a connection begins with; one, unless it was lost on the way.
# shellcheck disable=SC2034 # for the ways
SYN='tcp flags & (syn | ack) == syn'

# count_translated SERVER MAC NET: requests of the client's that come to a NAT director's server.
count_translated() {
	count "$1" s0 requests "ether saddr $2 $IP saddr $(plan 1 9) $IP daddr $(plan "$3" "1${1#rs}") tcp dport 8080"
}

# count_relayed SERVER MAC VIP: those that come to a DR director's.
count_relayed() {
	count "$1" s0 requests "ether saddr $2 ether daddr $(mac "$1" s0) $IP daddr $3 tcp dport 80"
}

answered() {
	wc -l <"$HOSTS_WORK/answers"
}

# answered_by SERVER...: how many answers came from these.
answered_by() {
	grep -cE "^(${*// /|}) " "$HOSTS_WORK/answers"
}

# proof SENTENCE NUMBER TEST NUMBER: a sentence that should be true, with %d where the number stands.
proof() {
	local word=yes
	test "$2" "$3" "$4" || word=NO
	[ "$word" = yes ] || PROOF_FAILED=1
	# shellcheck disable=SC2059 # the sentence is ours
	printf "  %-3s  $1\n" "$word" "$2" >>"$HOSTS_WORK/proofs"
}

# proof_requests SERVER HOW: no request has fewer than three packets.
proof_requests() {
	proof "$1 got its requests $2 (%d packets)" "$(counted "$1" requests)" -ge \
		$((3 * $(answered_by "$1")))
}

# proof_half DIRECTOR NUMBER: of the connections; of two directors neither has much less.
proof_half() {
	proof "$1 was asked for about half of the connections (%d)" "$2" -ge \
		$((REQUESTS / 2 - REQUESTS / 20 - 2))
}

# The shares are round robin's, give or take 2.
proof_shares() {
	local name n off=0 all=0
	if [ "$REQUESTS" -lt 12 ]; then
		echo '  -    too few requests to judge shares' >>"$HOSTS_WORK/proofs"
		return
	fi
	for name in $SERVERS; do
		all=$((all + 1))
	done
	for name in $SERVERS; do
		n=$((all * $(answered_by "$name") - REQUESTS))
		[ ${n#-} -le $((2 * all)) ] || off=$((off + 1))
	done
	proof 'every server had its share, give or take 2 (%d had not)' "$off" -eq 0
}

# All was answered, in rr's shares, and the servers saw the client's address.
proof_answers() {
	proof "%d of $REQUESTS requests were answered" "$(answered)" -eq "$REQUESTS"
	proof_shares
	proof "the servers saw the client's own address (%d answers say another)" \
		"$(awk -v client="$(plan 1 9)" '$2 != client' "$HOSTS_WORK/answers" | wc -l)" -eq 0
}
