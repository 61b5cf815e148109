# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The three ways, as hosts and wires: three real servers each, a client and a director.
# IPv6 beside IPv4 everywhere. Needs hosts.sh.
#
#   192.0.2.0/24      2001:db8:1::/64   where the client is
#   198.51.100.0/24   2001:db8:2::/64   where the servers are (NAT, TUN)
#   203.0.113.0/24    2001:db8:3::/64   where the director is (TUN)

# shellcheck disable=SC2034 # for those who source this
MODE_SERVERS='rs1 rs2 rs3'

mode_drawing() {
	case $1 in
	nat) cat <<'END' ;;

   client            director                      rs1  198.51.100.11:8080
  192.0.2.9 ======= 192.0.2.1   198.51.100.1 ===+= rs2  198.51.100.12:8080
                    service 192.0.2.80:80       +- rs3  198.51.100.13:8080

  request   client --> director -- other destination --> server
  reply     client <-- source is the service <-- director <-- server
END
	tun) cat <<'END' ;;

   client            router                        rs1  198.51.100.11
  192.0.2.9 ======= 192.0.2.1   198.51.100.1 ===+= rs2  198.51.100.12
                    203.0.113.1                 +- rs3  198.51.100.13
                         ||
                    203.0.113.2
                      director, service 203.0.113.80:80

  request   client --> router --> director == IP in IP ==> router ==> server (lvs-decap)
  reply     client <-- router <-- server
END
	dr) cat <<'END' ;;

   client           director                       rs1  192.0.2.11
  192.0.2.9 ==+==== 192.0.2.1                   +- rs2  192.0.2.12
              |     service 192.0.2.80:80       |- rs3  192.0.2.13
              +========== one segment ==========+

  request   client --> director -- same packet, server's MAC --> server
  reply     client <-- server
END
	esac
}

# mode_build nat|tun|dr: makes the hosts, and starts what the way needs on the servers.
mode_build() {
	"mode_$1_hosts"
}

# mode_vip MODE [6], mode_server MODE N [6]: addresses.
mode_vip() {
	case $1${2:-} in
	tun) echo 203.0.113.80 ;;
	tun6) echo 2001:db8:3::80 ;;
	*6) echo 2001:db8:1::80 ;;
	*) echo 192.0.2.80 ;;
	esac
}

mode_server() {
	case $1${3:-} in
	dr) echo "192.0.2.1$2" ;;
	dr6) echo "2001:db8:1::1$2" ;;
	*6) echo "2001:db8:2::1$2" ;;
	*) echo "198.51.100.1$2" ;;
	esac
}

# An address as it stands before a port.
bracket() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

# mode_url MODE [6]
mode_url() {
	printf 'http://%s' "$(bracket "$(mode_vip "$1" "${2:-}")")"
}

# mode_service MODE [6 [SCHEDULER]]: the service's line in a rules file.
mode_service() {
	printf -- '-A -t %s:80 -s %s\n' "$(bracket "$(mode_vip "$1" "${2:-}")")" "${3:-rr}"
}

# mode_dest MODE N [WEIGHT [6]]: a server's line.
mode_dest() {
	local port=80 flag=-g
	case $1 in
	nat) port=8080 flag=-m ;;
	tun) flag=-i ;;
	esac
	printf -- '-a -t %s:80 -r %s:%s %s -w %s\n' "$(bracket "$(mode_vip "$1" "${4:-}")")" \
		"$(bracket "$(mode_server "$1" "$2" "${4:-}")")" $port $flag "${3:-1}"
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
	address client c0 192.0.2.9/24 2001:db8:1::9/64 && gateway client 192.0.2.1 2001:db8:1::1
}

# Servers on a segment behind GATEWAY-HOST's INTERFACE.
mode_servers_behind() {
	local n
	switch lan && plug "$1" "$2" lan && address "$1" "$2" 198.51.100.1/24 2001:db8:2::1/64 || return
	for n in 1 2 3; do
		host rs$n && plug rs$n s0 lan && address rs$n s0 198.51.100.1$n/24 2001:db8:2::1$n/64 &&
			gateway rs$n 198.51.100.1 2001:db8:2::1 || return
	done
}

mode_nat_hosts() {
	host client director && wire client c0 director d0 &&
		address director d0 192.0.2.1/24 2001:db8:1::1/64 && mode_client &&
		mode_servers_behind director d1
}

# The client's link is shorter than the others: its packets must still fit when they are wrapped.
mode_tun_hosts() {
	local n
	host client router director && forwarding router &&
		wire client c0 router r0 && wire director d0 router r1 &&
		on client link set c0 mtu 1400 && on router link set r0 mtu 1400 &&
		address router r0 192.0.2.1/24 2001:db8:1::1/64 &&
		address router r1 203.0.113.1/24 2001:db8:3::1/64 && mode_client &&
		address director d0 203.0.113.2/24 2001:db8:3::2/64 &&
		gateway director 203.0.113.1 2001:db8:3::1 && mode_servers_behind router r2 || return
	for n in 1 2 3; do
		start rs$n "$HOSTS_WORK/decap$n.log" "$LVS_DECAP" --from 203.0.113.2,2001:db8:3::2 \
			--address 203.0.113.80,2001:db8:3::80
		says "$HOSTS_WORK/decap$n.log" 'ready on' || return
	done
}

# The servers have the service's address, and never say so by ARP.
mode_dr_hosts() {
	local n
	switch lan && host client director && plug client c0 lan && plug director d0 lan &&
		address director d0 192.0.2.1/24 2001:db8:1::1/64 && mode_client || return
	for n in 1 2 3; do
		host rs$n && setting rs$n ipv4/conf/all/arp_ignore 1 &&
			setting rs$n ipv4/conf/all/arp_announce 2 && plug rs$n s0 lan &&
			address rs$n s0 192.0.2.1$n/24 2001:db8:1::1$n/64 &&
			address rs$n lo 192.0.2.80/32 2001:db8:1::80/128 || return
	done
}

# web HOST: nginx, answering "NAME CLIENT SERVER-ADDRESS:PORT"; files in its directory under /files/,
# slowly under /slow/; PUT to /files/. Its process is in STARTED.
web() {
	local dir=$HOSTS_WORK/$1
	mkdir -p "$dir/files"
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
	server {
		listen 80 backlog=1024;
		listen [::]:80 backlog=1024;
		listen 8080 backlog=1024;
		listen [::]:8080 backlog=1024;
		location / { default_type text/plain; return 200 "$1 \$remote_addr \$server_addr:\$server_port\n"; }
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

# director RULES-FILE MODE [OPTION...]: lvsd, in STARTED, ready.
director() {
	start director "$HOSTS_WORK/lvsd.log" "$LVSD" --io "packet:$(mode_interfaces "$2")" --rules "$1" \
		"${@:3}"
	says "$HOSTS_WORK/lvsd.log" 'ready: '
}
