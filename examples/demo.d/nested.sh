# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# A director before two directors: the first by direct routing or by tunnel (FIRST), the second
# layer by NAT, each with servers of its own. Needs modes.sh and proof.sh.

nested_prepare() {
	local name
	SERVERS='rs1 rs2 rs3 rs4'
	nested_hosts || return
	for name in $SERVERS; do
		web "$name" || return
	done
	nested_first
	nested_second 1 2 1 2
	nested_second 2 3 3 4
	nested_count && balanced nat1 && balanced nat2 && balanced director
}

# nested_director SERVER: who has it.
nested_director() {
	case $1 in
	rs1 | rs2) echo nat1 ;;
	*) echo nat2 ;;
	esac
}

nested_url() {
	printf 'http://%s' "$(bracket "$(plan 1 80)")"
}

# What the client sends must still fit when it is wrapped.
nested_hosts() {
	local n
	switch lan && host client director nat1 nat2 && plug client c0 lan && plug director d0 lan &&
		stand director d0 1 1 && mode_client || return
	for n in 1 2; do
		silent nat$n && plug nat$n d0 lan && stand nat$n d0 1 2$n || return
	done
	servers_behind nat1 d1 2 lan1 1 2 && servers_behind nat2 d1 3 lan2 3 4 || return
	case $FIRST in
	dr) hold nat1 1 80 && hold nat2 1 80 ;;
	tun) on client link set c0 mtu 1400 && unwrap nat1 1 80 1 1 && unwrap nat2 1 80 1 1 ;;
	esac
}

nested_first() {
	local vip
	vip=$(plan 1 80)
	{ rule_service "$vip" && rule_dest "$vip" "$(plan 1 21)" "$FIRST" &&
		rule_dest "$vip" "$(plan 1 22)" "$FIRST"; } >"$HOSTS_WORK/rules"
	balance director d0 "$HOSTS_WORK/rules"
	LVSD_PIDS+=("$STARTED")
}

# Where requests come to a NAT director: out of the tunnel, or straight.
nested_inlet() {
	case $FIRST in
	dr) echo d0 ;;
	tun) echo lvs-decap ;;
	esac
}

# nested_second N NET SERVER-NUMBER...: it has the service's address, and does not answer for it.
nested_second() {
	local vip n
	vip=$(plan 1 80)
	{
		rule_service "$vip"
		for n in "${@:3}"; do
			rule_dest "$vip" "$(plan "$2" 1$n)" nat
		done
	} >"$HOSTS_WORK/rules$1"
	balance "nat$1" "$(nested_inlet),d1" "$HOSTS_WORK/rules$1" --no-address --forwarding
	LVSD_PIDS+=("$STARTED")
}

# nested_past MAC VIP: what comes to a NAT director, and not by the first.
nested_past() {
	case $FIRST in
	dr) echo "ether saddr != $1 $IP daddr $2 tcp dport 80" ;;
	tun) echo "$IP daddr $2 tcp dport 80" ;;
	esac
}

nested_count() {
	local vip nat1 nat2 n reply
	vip=$(plan 1 80) nat1=$(mac nat1 d0) nat2=$(mac nat2 d0)
	reply="$IP saddr $vip tcp sport 80"
	count client c0 replies "$reply" && count director d0 replies "$reply" &&
		count client c0 other_way "ether saddr != { $nat1, $nat2 } $reply" &&
		count client c0 untranslated "$IP saddr { $(plan_net 2), $(plan_net 3) } tcp sport 8080" &&
		count director d0 begun "$IP daddr $vip tcp dport 80 $SYN" || return
	for n in 1 2; do
		count nat$n "$(nested_inlet)" begun "$IP daddr $vip tcp dport 80 $SYN" &&
			count nat$n d0 past "$(nested_past "$(mac director d0)" "$vip")" || return
	done
	for n in 1 2 3 4; do
		count_translated rs$n "$(mac "$(nested_director rs$n)" d1)" $((n < 3 ? 2 : 3)) || return
	done
}

nested_proofs() {
	local n name how="from the first's MAC"
	[ "$FIRST" = dr ] || how='inside IP in IP'
	proof 'every connection began at the first director (%d SYNs)' "$(counted director begun)" -ge \
		"$REQUESTS"
	for n in 1 2; do
		proof_half nat$n "$(counted nat$n begun)"
	done
	proof "every request came to them $how (%d did not)" \
		"$(($(counted nat1 past) + $(counted nat2 past)))" -eq 0
	for name in $SERVERS; do
		proof_requests "$name" "from $(nested_director "$name"), translated"
	done
	proof "replies came to the client from the service's address (%d packets)" \
		"$(counted client replies)" -ge "$REQUESTS"
	proof 'each straight from a NAT director (%d did not)' "$(counted client other_way)" -eq 0
	proof "none bore a server's own address (%d did)" "$(counted client untranslated)" -eq 0
	proof 'none passed the first director (%d did)' "$(counted director replies)" -eq 0
}
