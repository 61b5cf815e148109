# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# nginx's module stream, for TCP and UDP, one process.
# shellcheck disable=SC2034 # paths.sh
MODES=(stream)
NGINX_STREAM=/usr/lib/nginx/modules/ngx_stream_module.so

path_missing() {
	[ -e $NGINX_STREAM ] || echo "there is no libnginx-mod-stream"
}

path() {
	local n tcp='' udp=''
	for n in 1 2 3 4; do
		tcp+=" server $(server_address $n):$HTTP;" udp+=" server $(server_address $n):$DATAGRAMS;"
	done
	balancer && address "$BALANCER" d0 "$VIP/32" && nginx_start "$BALANCER" "load_module $NGINX_STREAM;
events { worker_connections 4096; }
stream {
	upstream web {$tcp }
	upstream datagrams {$udp }
	server { listen $VIP:$HTTP backlog=4096; proxy_pass web; }
	server { listen $VIP:$DATAGRAMS udp rcvbuf=4m; proxy_pass datagrams; proxy_timeout 60s; }
}"
}
