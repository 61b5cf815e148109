# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What the scripts about the adapter "tun" share. Needs lib.sh.

# case_ipv6 MODE: the same service by IPv6, with large files.
case_ipv6() {
	{ mode_rules "$1" && mode_rules "$1" 6; } >"$RULES"
	must reload
	check "IPv6: each server a third" spread_even "$1" 6
	check "IPv6: 20 MB down and 10 MB up" large "$1" 6
	check "IPv4 beside it" spread_even "$1"
}

spread_even() {
	spread "$1" 30 "${2:-}" >"$HOSTS_WORK/answers" && even "$HOSTS_WORK/answers" 30
}

# case_offloads_off MODE [HOST INTERFACE]...: no super-packet and no partial checksum anywhere.
case_offloads_off() {
	local mode=$1
	shift
	if ! command -v ethtool >/dev/null; then
		echo "skip - offloads off: ethtool is missing"
		return
	fi
	while [ $# -ge 2 ]; do
		must at "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
		shift 2
	done
	check "offloads off: 20 MB down and 10 MB up" large "$mode"
	check "offloads off: the same by IPv6" large "$mode" 6
}

# A service of the director itself on every address, port 2222: it answers by "host".
own_service() {
	start director "$HOSTS_WORK/own.log" python3 -u -c 'if True:
		import socket
		s = socket.create_server(("::", 2222), family=socket.AF_INET6, dualstack_ipv6=True)
		print("ready")
		while True:
			c = s.accept()[0]
			c.sendall(b"host\n" * 20000)
			c.close()'
	says "$HOSTS_WORK/own.log" ready
}

# own ADDRESS: whether the client gets all of it.
own() {
	at client python3 -c 'if True:
		import socket, sys
		s = socket.create_connection((sys.argv[1], 2222), timeout=5)
		got = b"".join(iter(lambda: s.recv(65536), b""))
		sys.exit(got != b"host\n" * 20000)' "$1"
}

says_name() {
	at client curl -sS --max-time 5 "$1" >"$HOSTS_WORK/said" && cat "$HOSTS_WORK/said" &&
		grep -q "^$2 " "$HOSTS_WORK/said"
}

ping_once() {
	at client ping -c 1 -W 2 "$1"
}

# counter NAME: of the adapter or of what became of packets, from what lvsd tells at SIGUSR1; nothing
# for one that is 0.
counter() {
	local before
	before=$(reports)
	kill -USR1 "$DIRECTOR"
	soon reported "$before"
	awk -v name="$1" '/^IP Virtual/ { value = "" } $1 == name { value = $2 } END { print value }' "$LOG"
}

nothing_lost() {
	equal "$(counter rx_lost)" ''
}
