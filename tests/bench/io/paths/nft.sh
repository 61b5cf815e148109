# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The kernel: destination NAT by nftables, the server by a hash of the client's address and port.
# shellcheck disable=SC2034 # paths.sh
MODES=(nat)

path() {
	local n servers=''
	for n in 1 2 3 4; do
		servers+="$((n - 1)) : $(server_address $n), "
	done
	balancer && answer_by_balancer && address "$BALANCER" d0 "$VIP/32" && forwarding "$BALANCER" &&
		at "$BALANCER" nft -f - <<END
table ip balance {
	chain in {
		type nat hook prerouting priority dstnat;
		ip daddr $VIP tcp dport $HTTP dnat to jhash ip saddr . tcp sport mod 4 map { ${servers%, } }
		ip daddr $VIP udp dport $DATAGRAMS dnat to jhash ip saddr . udp sport mod 4 map { ${servers%, } }
	}
}
END
}
