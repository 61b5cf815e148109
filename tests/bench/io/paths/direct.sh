# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# No balancer: the client itself spreads over the servers, by a route with four next hops.
# shellcheck disable=SC2034 # paths.sh
MODES=('')

path() {
	local n hops=()
	serve_itself || return
	for n in 1 2 3 4; do
		hops+=(nexthop via "$(server_address $n)" dev lan)
	done
	setting client ipv4/fib_multipath_hash_policy 1 && on client route add "$VIP/32" "${hops[@]}"
}
