#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's own ipvsadm drives lvsd: every command, what it prints, its exit status.
#
#     netns client           netns director                    netns rs1, rs2, rs3
#    +---------------+      +--------------------+          +----------------------+
#    | 192.0.2.9     c0 == d0  192.0.2.1         |          | 198.51.100.11 .. .13 |
#    +---------------+      |  lvsd, no rules    d1 =bridge= s0  nginx, port 8080 |
#                           |    ^ control socket |          +----------------------+
#                           |  lvs-run ipvsadm   |
#                           +--------------------+
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
RUN=$1/examples/lvs-run/lvs-run
command -v ipvsadm >/dev/null || skip "ipvsadm is missing"
[ -x "$RUN" ] || skip "lvs-run is not built"

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
start director "$LOG" "$LVSD" --io packet:d0,d1 --control
must soon says "$LOG" ready

adm() {
	at director "$RUN" ipvsadm "$@"
}
# prints "LINES" ARGUMENT...: ipvsadm prints just this, but for spaces at the ends of lines.
prints() {
	local expected=$1
	shift
	adm "$@" 2>&1 | sed 's/ *$//' >"$HOSTS_WORK/printed"
	diff <(echo "$expected") "$HOSTS_WORK/printed"
}
# refused STATUS "MESSAGE" ARGUMENT...
refused() {
	local status=$1 message=$2 got
	shift 2
	got=$(adm "$@" 2>&1)
	equal "$?: $got" "$status: $message"
}
VIP=192.0.2.80 RS=198.51.100.1
head='IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn'

check "an empty listing" prints "$head" -Ln
check "a service" adm -A -t $VIP:80 -s rr
check "... twice" refused 255 'Service already exists' -A -t $VIP:80 -s rr
check "... of a scheduler that is not there" refused 255 'Scheduler or persistence engine not found' -A -t $VIP:81 -s none-such
check "a server by NAT" adm -a -t $VIP:80 -r ${RS}1:8080 -m -w 3
check "... twice" refused 255 'Destination already exists' -a -t $VIP:80 -r ${RS}1:8080 -m
check "... of no service" refused 255 'Service not defined' -a -t $VIP:81 -r ${RS}1 -m
check "a request goes through it" equal "$(get nat | cut -d' ' -f1)" rs1
check "another, with thresholds" adm -a -t $VIP:80 -r ${RS}2:8080 -m -x 20 -y 10
check "by tunnel" adm -a -t $VIP:80 -r ${RS}3 -i --tun-type gue --tun-port 6080 --tun-csum -w 0
check "a mark's service" adm -A -f 5 -6 -s wlc -p 100 -M 64 -b flag-1
check "a service with an engine" adm -A -u $VIP:5060 -s sh -b sh-port -p 30 -M 255.255.255.0 --pe sip
check "one-packet scheduling" adm -A -u '[2001:db8::80]:53' -s rr -o
check "... refused" refused 255 'No such destination' -e -t $VIP:80 -r ${RS}9:8080 -m
check "the listing" prints "$head
TCP  $VIP:80 rr
  -> ${RS}1:8080           Masq    3      0          1
  -> ${RS}2:8080           Masq    1      0          0
  -> ${RS}3:80             Tunnel  0      0          0
UDP  $VIP:5060 sh (sh-port) persistent 30 mask 255.255.255.0 pe sip
UDP  [2001:db8::80]:53 rr ops
FWM  5 IPv6 wlc (flag-1) persistent 100 mask 64" -Ln
check "of one service, --tun-info" prints "Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  $VIP:80 rr
  -> ${RS}1:8080           Masq    n/a           3      0          1
  -> ${RS}2:8080           Masq    n/a           1      0          0
  -> ${RS}3:80             Tunnel  gue:6080:+c   0      0          0" -Ln -t $VIP:80 --tun-info
check "--thresholds" prints "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn
  -> RemoteAddress:Port
TCP  $VIP:80 rr
  -> ${RS}1:8080           0          0          0          1
  -> ${RS}2:8080           20         10         0          0
  -> ${RS}3:80             0          0          0          0" -Ln -t $VIP:80 --thresholds
adm -Ln -t $VIP:80 --stats --exact >"$HOSTS_WORK/stats"
check "--stats" grep -qE "^TCP  $VIP:80 +1 +[5-9] +[4-9] +[0-9]{3} +[0-9]{3}$" "$HOSTS_WORK/stats"
check "--rate" adm -Ln --rate
check "--persistent-conn" adm -Ln --persistent-conn
adm -Lnc >"$HOSTS_WORK/conns"
check "connections" grep -qE "^TCP 0[12]:[0-5][0-9]  TIME_WAIT   192.0.2.9:[0-9]+ +$VIP:80 +${RS}1:8080$" "$HOSTS_WORK/conns"
check "timeouts" prints 'Timeout (tcp tcpfin udp): 900 120 300' -L --timeout
check "... set" adm --set 800 0 200
check "... one stays" prints 'Timeout (tcp tcpfin udp): 800 120 200' -L --timeout
check "no daemon runs" equal "$(adm -L --daemon)" ''
check "... nor can be started" refused 255 'Operation not supported with IPv6' --start-daemon master --mcast-interface d0
check "... nor stopped" refused 255 'No daemon is running' --stop-daemon master
saved="-A -t $VIP:80 -s rr
-a -t $VIP:80 -r ${RS}1:8080 -m -w 3
-a -t $VIP:80 -r ${RS}2:8080 -m -w 1
-a -t $VIP:80 -r ${RS}3:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-csum
-A -u $VIP:5060 -s sh -p 30 -M 255.255.255.0 --pe sip -b sh-port
-A -u [2001:db8::80]:53 -s rr -o
-A -f 5 -6 -s wlc -p 100 -M 64 -b flag-1"
check "saved" prints "$saved" -S -n
check "zeroed" adm -Z
check "... of a service that is not there" refused 255 'No such service' -Z -t $VIP:81
check "a service is edited" adm -E -t $VIP:80 -s wlc -p 60
check "a server is edited" adm -e -t $VIP:80 -r ${RS}1:8080 -m -w 0
check "... and gets nothing more" equal "$(get nat | cut -d' ' -f1)" rs2
check "a server is removed" adm -d -t $VIP:80 -r ${RS}2:8080
check "a service is removed" adm -D -t $VIP:80
check "... twice" refused 255 'No such service' -D -t $VIP:80
check "all of it" adm -C
check "... is gone" prints "$head" -Ln
check "restored" adm -R <<<"$saved"
check "... the same" prints "$saved" -S -n
check "the kernel's files" grep -q "^TCP  C0000250:0050 rr  $" <(at director "$RUN" cat /proc/net/ip_vs)
finish
