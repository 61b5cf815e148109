# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The three ways, as hosts and wires: three real servers each, a client and a director.
# IPv6 beside IPv4 everywhere. Needs hosts.sh and family.sh.

# mode_build nat|tun|dr: makes the hosts, and starts what the way needs on the servers.
mode_build() {
	"mode_$1_hosts"
}

# mode_vip MODE [6], mode_server MODE N [6]: addresses.
mode_vip() {
	case $1 in
	tun) plan 3 80 "${2:-}" ;;
	*) plan 1 80 "${2:-}" ;;
	esac
}

mode_server() {
	case $1 in
	dr) plan 1 "1$2" "${3:-}" ;;
	*) plan 2 "1$2" "${3:-}" ;;
	esac
}

# mode_url MODE [6]
mode_url() {
	printf 'http://%s' "$(bracket "$(mode_vip "$1" "${2:-}")")"
}

# What a tunnel's rules say besides -i, and its ends' option: IP in IP when nothing is said.
TUNNEL_RULE='' TUNNEL_END=''

# tunnel_kind RULE-OPTION...: another kind of tunnel, from now on.
tunnel_kind() {
	TUNNEL_RULE=$* TUNNEL_END=''
	case $TUNNEL_RULE in
	*gue*) TUNNEL_END="--gue ${TUNNEL_RULE##*--tun-port }" TUNNEL_END=${TUNNEL_END%% --tun*} ;;
	*gre*) TUNNEL_END=--gre ;;
	esac
}

# rule_service VIP [SCHEDULER], rule_dest VIP SERVER nat|tun|dr [WEIGHT]: lines of a rules file.
rule_service() {
	printf -- '-A -t %s:80 -s %s\n' "$(bracket "$1")" "${2:-rr}"
}

rule_dest() {
	local port=80 flag=-g
	case $3 in
	nat) port=8080 flag=-m ;;
	tun) flag="-i${TUNNEL_RULE:+ $TUNNEL_RULE}" ;;
	esac
	printf -- '-a -t %s:80 -r %s:%s %s -w %s\n' "$(bracket "$1")" "$(bracket "$2")" $port "$flag" "${4:-1}"
}

# mode_service MODE [6 [SCHEDULER]]: the service's line in a rules file.
mode_service() {
	rule_service "$(mode_vip "$1" "${2:-}")" "${3:-rr}"
}

# mode_dest MODE N [WEIGHT [6]]: a server's line.
mode_dest() {
	rule_dest "$(mode_vip "$1" "${4:-}")" "$(mode_server "$1" "$2" "${4:-}")" "$1" "${3:-1}"
}

# mode_rules MODE [6]: three servers of weight 1.
mode_rules() {
	local n
	mode_service "$1" "${2:-}"
	for n in 1 2 3; do
		mode_dest "$1" $n 1 "${2:-}"
	done
}

# The director's interfaces.
mode_interfaces() {
	case $1 in
	nat) echo d0,d1 ;;
	*) echo d0 ;;
	esac
}

mode_client() {
	stand client c0 1 9 && lead client 1 1
}

# servers_behind HOST INTERFACE NET SWITCH SERVER-NUMBER...: a segment, whose gateway HOST is.
servers_behind() {
	local n
	switch "$4" && plug "$1" "$2" "$4" && stand "$1" "$2" "$3" 1 || return
	for n in "${@:5}"; do
		host rs$n && plug rs$n s0 "$4" && stand rs$n s0 "$3" 1$n && lead rs$n "$3" 1 || return
	done
}

# silent HOST: answers ARP for no address but those of the interface that is asked.
silent() {
	setting "$1" ipv4/conf/all/arp_ignore 1 && setting "$1" ipv4/conf/all/arp_announce 2
}

# servers_beside SWITCH NUMBER SERVER-NUMBER...: on the client's segment, with the service's address,
# net 1's NUMBER.
servers_beside() {
	local n
	for n in "${@:3}"; do
		host rs$n && silent rs$n && plug rs$n s0 "$1" && stand rs$n s0 1 1$n && hold rs$n 1 "$2" || return
	done
}

# unwrap HOST SERVICE-NET NUMBER DIRECTOR-NET NUMBER: takes packets out of the director's tunnels.
unwrap() {
	# shellcheck disable=SC2086 # an option and its value
	start "$1" "$HOSTS_WORK/decap-$1.log" "$LVS_DECAP" $TUNNEL_END \
		--from "$(plan "$4" "$5" 4),$(plan "$4" "$5" 6)" \
		--address "$(plan "$2" "$3" 4),$(plan "$2" "$3" 6)"
	says "$HOSTS_WORK/decap-$1.log" 'ready on'
}

mode_nat_hosts() {
	host client director && wire client c0 director d0 && stand director d0 1 1 && mode_client &&
		servers_behind director d1 2 lan 1 2 3
}

# The client's link is shorter than the others: its packets must still fit when they are wrapped.
mode_tun_hosts() {
	local n
	host client router director && forwarding router &&
		wire client c0 router r0 && wire director d0 router r1 &&
		on client link set c0 mtu 1400 && on router link set r0 mtu 1400 &&
		stand router r0 1 1 && stand router r1 3 1 && mode_client &&
		stand director d0 3 2 && lead director 3 1 && servers_behind router r2 2 lan 1 2 3 || return
	for n in 1 2 3; do
		unwrap rs$n 3 80 3 2 || return
	done
}

mode_dr_hosts() {
	switch lan && host client director && plug client c0 lan && plug director d0 lan &&
		stand director d0 1 1 && mode_client && servers_beside lan 80 1 2 3
}

# web HOST: nginx, answering "NAME CLIENT SERVER-ADDRESS:PORT"; files in its directory under /files/,
# slowly under /slow/; PUT to /files/. Its process is in STARTED.
web() {
	local dir=$HOSTS_WORK/$1
	mkdir -p "$dir/files"
	rm -f "$dir/pid" # of one that was killed
	cat >"$dir/nginx.conf" <<END
daemon off;
user root;
master_process off;
pid $dir/pid;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	client_max_body_size 0;
	sendfile on;
	lingering_close off;
	map \$server_addr \$asked { default \$server_addr; ~: [\$server_addr]; }
	server {
		listen 80 backlog=1024;
		listen [::]:80 backlog=1024;
		listen 8080 backlog=1024;
		listen [::]:8080 backlog=1024;
		location / { default_type text/plain; return 200 "$1 \$remote_addr \$asked:\$server_port\n"; }
		location /files/ { root $dir; dav_methods PUT; }
		location /slow/ { alias $dir/files/; limit_rate 256k; }
	}
}
END
	start "$1" "$dir/nginx.log" nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
	soon at "$1" sh -c 'read -r line <"$1/pid"' sh "$dir" 2>/dev/null && return
	echo "nginx of $1 does not start:" >&2
	cat "$dir/nginx.log" >&2
	return 1
}

# balance HOST INTERFACES RULES-FILE [OPTION...]: lvsd, in STARTED. Ready when balanced HOST says so:
# it asks first whether another host has the service's address. LVSD_IO: another adapter, "tun:NAME,".
balance() {
	start "$1" "$HOSTS_WORK/lvsd-$1.log" "$LVSD" --io "${LVSD_IO:-packet:}$2" --rules "$3" "${@:4}"
}

balanced() {
	says "$HOSTS_WORK/lvsd-$1.log" 'ready: '
}

# director RULES-FILE MODE [OPTION...]: that of one of the three ways, ready.
director() {
	balance director "$(mode_interfaces "$2")" "$1" "${@:3}"
	balanced director
}
