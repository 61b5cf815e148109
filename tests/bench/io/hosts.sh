# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Client, servers, and a balancer for each path, all at the same time. Needs examples/demo.d/hosts.sh.
#
#     client lan ============================+= lan, 10.200.0.0/24 =+= rs1 .. rs4
#       |                                    |
#       +-- cN === d0 balancer bN d1 ========+      one for each path, 10.201.N.0/24
#
# A path's service is 10.201.N.80. Its client is 10.201.N.2, so that the servers can tell paths apart: they
# answer that client by its balancer (address translation) or past it (direct routing, tunnels).
HTTP=80 DATAGRAMS=9000
SERVERS=(rs1 rs2 rs3 rs4)

server_address() { # N
	echo "10.200.0.1$1"
}

# quiet HOST: as a real server must be, and without filters of routes.
quiet() {
	setting "$1" ipv4/conf/all/rp_filter 0 && setting "$1" ipv4/conf/default/rp_filter 0 &&
		setting "$1" ipv4/conf/all/arp_ignore 1 && setting "$1" ipv4/conf/all/arp_announce 2 &&
		setting "$1" ipv4/ip_local_port_range '1024 65535' && setting "$1" ipv4/tcp_tw_reuse 1
}

# nginx_start HOST CONFIGURATION: one process; in STARTED.
nginx_start() {
	local dir=$HOSTS_WORK/$1
	mkdir -p "$dir" || return
	{
		printf 'daemon off;\nmaster_process off;\nuser root;\npid %s/pid;\nerror_log stderr crit;\n' "$dir"
		printf '%s\n' "$2"
	} >"$dir/nginx.conf"
	start "$1" "$dir/nginx.log" nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
	soon at "$1" test -s "$dir/pid" && return
	cat "$dir/nginx.log" >&2
	return 1
}

web_server() { # HOST
	local dir=$HOSTS_WORK/$1
	nginx_start "$1" "events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	sendfile on;
	lingering_close off;
	keepalive_requests 1000000000;
	server {
		listen $HTTP backlog=4096;
		location / { default_type text/plain; return 200 \"$1\\n\"; }
		location /bulk { root $HOSTS_WORK; }
	}
}"
}

server() { # NUMBER
	local name=rs$1
	host "$name" && quiet "$name" && plug "$name" s0 lan &&
		address "$name" s0 "$(server_address "$1")/24" && web_server "$name" || return
	start "$name" "$HOSTS_WORK/sink-$name" "$LVS_LOAD" sink $DATAGRAMS "$1"
	says "$HOSTS_WORK/sink-$name" ready
}

# The file is 64 MB of no pattern: more than caches hold.
hosts_build() {
	local n
	head -c 64M /dev/urandom >"$HOSTS_WORK/bulk"
	switch lan && host client && quiet client && plug client lan lan && address client lan 10.200.0.2/24 || return
	for n in 1 2 3 4; do
		server $n || return
	done
	# Somebody is there, for what is told below /proc of a host.
	start client "$HOSTS_WORK/client.log" sleep infinity
	# shellcheck disable=SC2034 # run
	CLIENT=$STARTED
}

# Of the path that is being made: BALANCER its host, VIP its service, NUMBER and MODE.

# balancer: with a link to the client and one to the servers.
balancer() {
	host "$BALANCER" && quiet "$BALANCER" && wire client "c$NUMBER" "$BALANCER" d0 &&
		plug "$BALANCER" d1 lan && address client "c$NUMBER" "10.201.$NUMBER.2/24" &&
		address "$BALANCER" d0 "10.201.$NUMBER.1/24" &&
		address "$BALANCER" d1 "10.200.0.$((100 + NUMBER))/24"
}

# answer_by ADDRESS: where servers send what is for the path's client.
answer_by() {
	local name
	for name in "${SERVERS[@]}"; do
		on "$name" route add "10.201.$NUMBER.0/24" via "$1" || return
	done
}

answer_by_balancer() {
	answer_by "10.200.0.$((100 + NUMBER))"
}

answer_past_balancer() {
	answer_by 10.200.0.2
}

# serve_itself: each server has the service's address.
serve_itself() {
	local name
	for name in "${SERVERS[@]}"; do
		address "$name" lo "$VIP/32" || return
	done
}

# Servers open the tunnels of all paths that have one, when all are there.
TUNNELLED=()
hosts_unwrap() {
	local name vips
	[ ${#TUNNELLED[@]} -gt 0 ] || return 0
	vips=$(IFS=, && echo "${TUNNELLED[*]}")
	for name in "${SERVERS[@]}"; do
		start "$name" "$HOSTS_WORK/decap-$name" "$LVS_DECAP" --address "$vips"
		says "$HOSTS_WORK/decap-$name" 'ready on' || return
	done
}

# hosts_links: each veth, "HOST DEVICE" a line.
hosts_links() {
	local name
	for name in /run/netns/"$HOSTS_PREFIX"-*; do
		name=${name#*"$HOSTS_PREFIX"-}
		on "$name" -o link show type veth | awk -F '[ :@]+' -v host="$name" '{ print host, $2 }'
	done
}
