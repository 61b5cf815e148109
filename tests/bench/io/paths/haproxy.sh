# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# HAProxy for TCP, one thread; the kernel moves what comes (splice). No UDP.
# shellcheck disable=SC2034 # paths.sh
MODES=(splice)

path() {
	local n file=$HOSTS_WORK/haproxy.cfg
	cat >"$file" <<END
global
	nbthread 1
	maxconn 4000
	maxpipes 256
	tune.pipesize 524288
defaults
	mode tcp
	timeout connect 5s
	timeout client 60s
	timeout server 60s
	option splice-request
	option splice-response
listen service
	bind $VIP:$HTTP backlog 4096
	balance roundrobin
END
	for n in 1 2 3 4; do
		echo "	server rs$n $(server_address $n):$HTTP"
	done >>"$file"
	balancer && address "$BALANCER" d0 "$VIP/32" || return
	start "$BALANCER" "$HOSTS_WORK/haproxy.log" haproxy -db -f "$file"
	soon at "$BALANCER" sh -c 'ss -Hltn "sport = :$1" | grep -q .' sh $HTTP && return
	cat "$HOSTS_WORK/haproxy.log" >&2
	return 1
}
