#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# All that the guest does, its modules loaded: lvsd on a VLAN toward the clients and a bond toward the
# servers. See links.
#
#     netns client              director (the guest itself)             netns rs1, rs2
#    +----------------+        +------------------------------+        +--------------------+
#    | 192.0.2.9 c0.5 |        | d0.5  192.0.2.1              |        |                    |
#    |   `- c0 ================= d0   (VLAN 5)                |        |                    |
#    +----------------+        |       lvsd: .80              |        |                    |
#                              | bond0 198.51.100.1           |        | 198.51.100.11, .12 |
#                              |   |- b0, b1 ================ switch ==== s0                |
#                              +------------------------------+        +--------------------+
#
# b0 and b1 end at one bridge; the bond uses one of them at a time. The director is also a host of its own
# in VLAN 6, at the same address: what is tagged for that must not come to lvsd.
export PATH=/bin LD_LIBRARY_PATH=/lib
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run

ended() {
	echo "the end"
	echo o >/proc/sysrq-trigger
	sleep 60
}
trap ended EXIT

check() {
	local name=$1
	shift
	if "$@" >/run/check 2>&1; then
		echo "ok - $name"
	else
		cat /run/check
		echo "not ok - $name"
	fi
}

soon() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

at() {
	ip netns exec "$@"
}

web() { # NAME [NAMESPACE]
	mkdir -p "/run/$1"
	cat >"/run/$1/conf" <<END
daemon off; master_process off; user root; pid /run/$1/pid;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path /run/$1/a; proxy_temp_path /run/$1/b; fastcgi_temp_path /run/$1/c;
	uwsgi_temp_path /run/$1/d; scgi_temp_path /run/$1/e;
	server { listen 8080; location / { return 200 "$1\n"; } location /files/ { alias /run/files/; } }
}
END
	${2:+at $2} nginx -e stderr -c "/run/$1/conf" &
}

echo 1 >/proc/sys/net/ipv4/ip_forward
for name in client switch rs1 rs2; do
	ip netns add $name
	ip -n $name link set lo up
done
ip link set lo up
ip link add c0 netns client type veth peer name d0
ip link set d0 up
ip -n client link set c0 up
for vlan in 5 6; do
	ip link add d0.$vlan link d0 type vlan id $vlan
	ip link set d0.$vlan up
	ip -n client link add c0.$vlan link c0 type vlan id $vlan
	ip -n client link set c0.$vlan up
done
ip addr add 192.0.2.1/24 dev d0.5
ip -n client addr add 192.0.2.9/24 dev c0.5
ip addr add 203.0.113.1/24 dev d0.6
ip -n client addr add 203.0.113.9/24 dev c0.6

ip -n switch link add bridge type bridge
ip -n switch link set bridge up
ip link add bond0 type bond mode active-backup miimon 50
for n in 0 1; do
	ip link add b$n type veth peer name p$n netns switch
	ip link set b$n master bond0
	ip -n switch link set p$n master bridge up
done
ip link set bond0 up
ip addr add 198.51.100.1/24 dev bond0
for n in 1 2; do
	ip link add s0 netns rs$n type veth peer name r$n netns switch
	ip -n switch link set r$n master bridge up
	ip -n rs$n addr add 198.51.100.1$n/24 dev s0
	ip -n rs$n link set s0 up
	ip -n rs$n route add default via 198.51.100.1
	web rs$n rs$n
done
web director
mkdir -p /run/files
head -c 3000000 /dev/urandom >/run/files/file

cat >/run/rules <<END
mark 0 src 203.0.113.0/24
mark 7 dst 192.0.2.80 proto tcp port 81 in d0.5
-A -t 192.0.2.80:80 -s rr
-a -t 192.0.2.80:80 -r 198.51.100.11:8080 -m
-a -t 192.0.2.80:80 -r 198.51.100.12:8080 -m
-A -f 7 -s rr
-a -f 7 -r 198.51.100.11:8080 -m
-a -f 7 -r 198.51.100.12:8080 -m
END

get() { # PATH [PORT]
	at client curl -sS --max-time 10 "http://192.0.2.80:${2:-80}/$1"
}
both() { # [PORT]
	local i
	for i in 1 2 3 4; do
		get '' "${1:-80}"
	done | sort | uniq -c | tr -s ' \n' ' ' >/run/both
	cat /run/both
	grep -qx ' 2 rs1 2 rs2 ' /run/both
}
whole() {
	get files/file >/run/got && cmp /run/got /run/files/file
}
# Each packet of the VLAN is seen at d0 as well, and not taken there.
left_out() {
	local name n
	kill -USR1 $LVSD
	soon grep -q '^Adapter' /run/log
	sleep 1
	while read -r name n _; do
		[ "$name" = rx_skipped ] && echo "$n" && [ "$n" -gt 20 ] && return
	done </run/log
	return 1
}
over() {
	ip link set "$(cat /sys/class/net/bond0/bonding/active_slave)" down
	soon get '' >/run/after
}

lvsd --io packet:d0.5,bond0,d0 --rules /run/rules >/run/log 2>&1 &
LVSD=$!
check "lvsd starts on a VLAN and a bond" soon grep -q 'lvsd: ready' /run/log
check "clients of the VLAN are served by both servers" both
check "by a mark of the VLAN's interface, too" both 81
check "a file is whole" whole
check "when the bond's first link goes down, the service answers by the second" over
check "and a file is whole" whole
check "the other VLAN is the host's own" at client curl -sS --max-time 10 -o /run/own http://203.0.113.1:8080/
check "what is tagged is left to its VLAN's interface" left_out
kill $LVSD
wait $LVSD
cat /run/log
