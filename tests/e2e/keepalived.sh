#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's own keepalived drives lvsd: servers die and come back, their weight follows.
#
#     netns client           netns director                     netns rs1, rs2, rs3
#    +---------------+      +---------------------+          +------------------------+
#    | 192.0.2.9     c0 == d0  192.0.2.1          |          | 198.51.100.11 .. .13   |
#    +---------------+      |  lvsd, no rules     d1 =bridge= s0  nginx 8080, 8443, UDP |
#                           |    ^ control socket |          +------------------------+
#                           |  lvs-run keepalived |
#                           +---------------------+
#
# TCP_CHECK and HTTP_GET, inhibit_on_failure, a group with quorum and sorry server.
#
# keepalived.sh BUILD-DIRECTORY long: SSL_GET, MISC_CHECK, PING_CHECK and UDP_CHECK besides.
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
RUN=$1/examples/lvs-run/lvs-run MORE=${2:-}
for need in ipvsadm keepalived; do
	command -v $need >/dev/null || skip "$need is missing"
done
[ -x "$RUN" ] || skip "lvs-run is not built"
VIP=192.0.2.80 RS=198.51.100.1

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
	declare "WEB_$name=$STARTED"
done
start director "$LOG" "$LVSD" --io packet:d0,d1 --control
must soon says "$LOG" ready

server() { # NUMBER CHECKER
	echo "real_server ${RS}$1 8080 { weight $1
		$2 }"
}
service() { # PORT OPTIONS CHECKER
	echo "virtual_server $VIP $1 { delay_loop 0.5
		lvs_sched wrr
		lvs_method NAT
		protocol TCP
		$2"
	for n in 1 2 3; do
		server $n "$3"
	done
	echo "}"
}
common='connect_timeout 0.5
		retry 0
		delay_before_retry 0.2'
http="HTTP_GET { url { path /
		status_code 200 }
		$common }"
# What the other checkers ask on rs1: TLS, a script's word, an echo, a datagram.
more() {
	[ "$MORE" = long ] || return
	service 82 '' "MISC_CHECK { misc_path \"/usr/bin/test ! -e $HOSTS_WORK/sick\"
		misc_timeout 2
		retry 0 }"
	for kind in 83:PING_CHECK:8080 84:SSL_GET:8443 85:UDP_CHECK:5000; do
		IFS=: read -r port checker to <<<"$kind"
		echo "virtual_server $VIP $port { delay_loop 0.5
			lvs_sched rr
			lvs_method NAT
			protocol TCP
			real_server ${RS}1 $to { weight 1
			$checker { $([ "$checker" != SSL_GET ] || echo 'url { path /
				status_code 200 }')
				$common } } }"
	done
}
start_udp() {
	start rs1 "$HOSTS_WORK/udp" python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 5000))
time.sleep(1000)'
	UDP=$STARTED
}
start_tls() {
	start rs1 "$HOSTS_WORK/tls" openssl s_server -accept 8443 -www -key "$HOSTS_WORK/key" -cert "$HOSTS_WORK/cert"
	TLS=$STARTED
}
if [ "$MORE" = long ]; then
	must openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=rs1 -days 2 -keyout "$HOSTS_WORK/key" \
		-out "$HOSTS_WORK/cert" 2>"$HOSTS_WORK/openssl"
	start_udp
	start_tls
fi
cat >"$HOSTS_WORK/keepalived.conf" <<END
global_defs {
	router_id test
	script_user root
	enable_script_security
	lvs_timeouts tcp 700 tcpfin 70 udp 170
}
$(service 80 inhibit_on_failure "TCP_CHECK { $common }")
$(service 81 '' "$http")
virtual_server_group two {
	192.0.2.81 80
	192.0.2.82 80
}
virtual_server group two {
	delay_loop 0.5
	lvs_sched rr
	lvs_method NAT
	protocol TCP
	quorum 2
	sorry_server ${RS}3 8080
	$(server 1 "$http")
	$(server 2 "$http")
}
$(more)
END

adm() {
	at director "$RUN" ipvsadm "$@"
}
# servers PORT|ADDRESS:PORT "NUMBER:WEIGHT ...": what the service has now.
servers() {
	local service=$1
	[[ $service == *:* ]] || service=$VIP:$service
	adm -Ln -t "$service" | awk '/->/ && $2 ~ /^198/ { split($2, a, "[.:]"); printf "%s:%s ", a[4] - 10, $4 }' \
		>"$HOSTS_WORK/servers"
	equal "$(cat "$HOSTS_WORK/servers")" "${2:+$2 }"
}
# An answer by each server that is up, by turns.
answered_by() { # URL "rs1 rs2"
	local got
	got=$(at client curl -sS --max-time 5 -H 'Connection: close' "$1/[1-9]" 2>&1 | awk 'NF { print $1 }' | sort -u | xargs)
	equal "$got" "$2"
}
kill_web() {
	local name=WEB_$1
	stop "${!name}" KILL
}
start_web() {
	web "$1" && declare -g "WEB_$1=$STARTED"
}

start director "$HOSTS_WORK/keepalived.log" "$RUN" keepalived -n -l -D -C -f "$HOSTS_WORK/keepalived.conf" \
	-p "$HOSTS_WORK/k.pid" -c "$HOSTS_WORK/kc.pid"
KEEPALIVED=$STARTED
check "keepalived configures lvsd" soon servers 81 '1:1 2:2 3:3'
check "... each service" servers 80 '1:1 2:2 3:3'
check "... of a group, too" servers 192.0.2.82:80 '1:1 2:2'
check "... and timeouts" equal "$(adm -L --timeout)" 'Timeout (tcp tcpfin udp): 700 70 170'
check "all three answer" answered_by "http://$VIP:81" 'rs1 rs2 rs3'

# A download from a server that lives, while another dies.
head -c 3M /dev/urandom >"$HOSTS_WORK/rs3/files/slow"
adm -A -t $VIP:90 -s rr
adm -a -t $VIP:90 -r ${RS}3:8080 -m
at client curl -sS --limit-rate 500k --max-time 30 -o "$HOSTS_WORK/got" "http://$VIP:90/files/slow" \
	>"$HOSTS_WORK/curl" 2>&1 &
CURL=$!
kill_web rs2
check "a server dies: its weight is 0" soon servers 80 '1:1 2:0 3:3'
check "... or it is gone" soon servers 81 '1:1 3:3'
check "two answer" answered_by "http://$VIP:81" 'rs1 rs3'
check "a group without quorum has its sorry server" soon servers 192.0.2.81:80 '3:1'
check "... which answers" answered_by http://192.0.2.82 rs3
start_web rs2
check "it comes back: its weight too" soon servers 80 '1:1 2:2 3:3'
check "... and itself" soon servers 81 '1:1 2:2 3:3'
check "the group has its servers again" soon servers 192.0.2.81:80 '1:1 2:2'
check "all answer" answered_by "http://$VIP:81" 'rs1 rs2 rs3'
if [ "$MORE" = long ]; then
	check "MISC_CHECK: all well" servers 82 '1:1 2:2 3:3'
	check "PING_CHECK, SSL_GET, UDP_CHECK: all well" eval 'soon servers 83 1:1 && soon servers 84 1:1 && soon servers 85 1:1'
	touch "$HOSTS_WORK/sick"
	check "MISC_CHECK: the script says no" soon servers 82 ''
	stop "$TLS" KILL
	check "SSL_GET: nobody answers" soon servers 84 ''
	stop "$UDP" KILL
	check "UDP_CHECK: an ICMP error says no" soon servers 85 ''
	on rs1 link set s0 down
	check "PING_CHECK: no echo" soon servers 83 ''
	rm "$HOSTS_WORK/sick"
	on rs1 link set s0 up
	on rs1 route replace default via 198.51.100.1
	start_udp
	start_tls
	check "PING_CHECK: again" soon servers 83 1:1
	check "MISC_CHECK: again" soon servers 82 '1:1 2:2 3:3'
	check "SSL_GET: again" soon servers 84 1:1
	check "UDP_CHECK: again" soon servers 85 1:1
fi
wait $CURL
check "the download never noticed" cmp "$HOSTS_WORK/got" "$HOSTS_WORK/rs3/files/slow"
kill "$KEEPALIVED"
nothing_left() {
	equal "$(adm -Ln | wc -l)" 5 # the download's is left
}
check "keepalived ends and takes its services along" soon nothing_left
finish
