# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Two directors behind one name: dnsmasq hands out their addresses round robin. One has its servers
# by NAT, the other by direct routing. Needs modes.sh and proof.sh.
DNS_NAME=www.example

dns_prepare() {
	local name
	SERVERS='rs1 rs2 rs3 rs4'
	dns_hosts || return
	for name in $SERVERS; do
		web "$name" || return
	done
	dns_balance nat 80 d0,d1 "$(plan 2 11)" "$(plan 2 12)"
	dns_balance dr 81 d0 "$(plan 1 13)" "$(plan 1 14)"
	dns_server && dns_count && balanced nat && balanced dr
}

# dns_director SERVER: who has it.
dns_director() {
	case $1 in
	rs1 | rs2) echo nat ;;
	*) echo dr ;;
	esac
}

dns_url() {
	printf 'http://%s' $DNS_NAME
}

# The services' addresses are as far from the client's as each other: the resolver of the C library
# prefers the nearer one, by the bits that they share, to the name server's order (RFC 6724, rule 9).
dns_hosts() {
	switch lan && host client nat dr dns && plug client c0 lan && plug nat d0 lan && plug dr d0 lan &&
		plug dns n0 lan && stand nat d0 1 1 && stand dr d0 1 2 && stand dns n0 1 53 && mode_client &&
		servers_behind nat d1 2 lan1 1 2 && servers_beside lan 81 3 4
}

# dns_balance nat|dr NUMBER INTERFACES SERVER...: a director and its service's address.
dns_balance() {
	local vip server
	vip=$(plan 1 "$2")
	{
		rule_service "$vip"
		for server in "${@:4}"; do
			rule_dest "$vip" "$server" "$1"
		done
	} >"$HOSTS_WORK/rules-$1"
	balance "$1" "$3" "$HOSTS_WORK/rules-$1" --forwarding
	LVSD_PIDS+=("$STARTED")
}

# It changes the order from answer to answer, and says what it is asked.
dns_server() {
	printf '%s %s\n' "$(plan 1 80)" $DNS_NAME "$(plan 1 81)" $DNS_NAME >"$HOSTS_WORK/names"
	start dns "$HOSTS_WORK/dns" dnsmasq --no-daemon --conf-file=/dev/null --pid-file= --no-resolv \
		--no-hosts --addn-hosts="$HOSTS_WORK/names" --log-queries --log-facility=-
	says "$HOSTS_WORK/dns" 'read .*names'
}

# What asks for a name keeps the answer. So each request is a program's that has not asked before.
# Only the client sees its resolv.conf; where that is a link into /run, which begins empty, it is made.
dns_send() {
	local file
	file=$(readlink -m /etc/resolv.conf)
	case $file in
	/run/*) mkdir -p "$(dirname "$file")" && : >>"$file" ;;
	esac
	printf 'nameserver %s\n' "$(plan 1 53)" >"$HOSTS_WORK/resolv.conf"
	# shellcheck disable=SC2016 # the inner shell's
	start client "$HOSTS_WORK/curl.log" unshare -m sh -c 'mount --bind "$1" "$2" && seq "$3" |
		xargs -P 16 -I "{}" curl -q "-$4" --noproxy "*" -sS --max-time 10 "$5/{}" >"$0"' \
		"$HOSTS_WORK/answers" "$HOSTS_WORK/resolv.conf" "$file" "$REQUESTS" "${FAMILY:-4}" "$(dns_url)"
}

dns_count() {
	local nat dr
	nat=$(plan 1 80) dr=$(plan 1 81)
	count nat d0 begun "$IP daddr $nat tcp dport 80 $SYN" &&
		count dr d0 begun "$IP daddr $dr tcp dport 80 $SYN" &&
		count client c0 nat_replies "$IP saddr $nat tcp sport 80" &&
		count client c0 nat_other "ether saddr != $(mac nat d0) $IP saddr $nat tcp sport 80" &&
		count client c0 dr_replies "$IP saddr $dr tcp sport 80" &&
		count client c0 dr_other "ether saddr $(mac dr d0) $IP saddr $dr tcp sport 80" || return
	count_translated rs1 "$(mac nat d1)" 2 && count_translated rs2 "$(mac nat d1)" 2 &&
		count_relayed rs3 "$(mac dr d0)" "$dr" && count_relayed rs4 "$(mac dr d0)" "$dr"
}

dns_proofs() {
	local name record=A
	[ -z "$FAMILY" ] || record=AAAA
	proof "the name server was asked for $DNS_NAME each time (%d questions)" \
		"$(grep -c "query\[$record\] $DNS_NAME from $(plan 1 9)" "$HOSTS_WORK/dns")" -ge "$REQUESTS"
	for name in nat dr; do
		proof_half $name "$(counted $name begun)"
	done
	for name in rs1 rs2; do
		proof_requests $name 'from nat, with its own address as destination'
	done
	for name in rs3 rs4; do
		proof_requests $name "from dr, to the service's address, sent to its MAC"
	done
	proof "replies came from the address of nat's service (%d packets)" \
		"$(counted client nat_replies)" -ge "$(answered_by rs1 rs2)"
	proof "replies came from the address of dr's service (%d packets)" \
		"$(counted client dr_replies)" -ge "$(answered_by rs3 rs4)"
	proof 'every reply for nat came by it (%d did not)' "$(counted client nat_other)" -eq 0
	proof 'no reply for dr came by it (%d did)' "$(counted client dr_other)" -eq 0
}
