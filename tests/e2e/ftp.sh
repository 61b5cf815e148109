#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# FTP through address translation: vsftpd and curl, both families, passive and active, by the old commands
# and the extended ones; a service of another port; and without the helper.
#
#                             director
#    client 192.0.2.9 ==== 192.0.2.1  lvsd: .80, port 21 ==== rs1 .. rs3, 198.51.100.11 .., port 21
#                                           .80, port 2100 ==                               port 2121
#
set -u
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib-report.sh"
command -v vsftpd >/dev/null || PATH=$PATH:/usr/sbin
command -v vsftpd >/dev/null || skip "vsftpd is missing"
begin "$@"

# serve HOST PORT: anonymous, as the user of this script, who may have no other.
serve() {
	local dir=$HOSTS_WORK/$1-$2
	mkdir -p "$dir/root/up" "$dir/empty"
	echo "$1" >"$dir/root/name"
	ln -f "$HOSTS_WORK/large" "$dir/root/large"
	cat >"$dir/conf" <<END
listen=NO
listen_ipv6=YES
listen_port=$2
ftp_data_port=$(($2 - 1))
connect_from_port_20=YES
run_as_launching_user=YES
background=NO
anonymous_enable=YES
anon_root=$dir/root
no_anon_password=YES
write_enable=YES
anon_upload_enable=YES
anon_other_write_enable=YES
secure_chroot_dir=$dir/empty
seccomp_sandbox=NO
pasv_min_port=30000
pasv_max_port=30500
END
	start "$1" "$dir/log" vsftpd "$dir/conf"
	soon at "$1" curl -sf --max-time 2 "ftp://127.0.0.1:$2/name" >/dev/null 2>&1
}

rules() { # [6]
	local vip n
	vip=$(bracket "$(mode_vip nat "${1:-}")")
	echo "-A -t $vip:21 -s rr"
	echo "-A -t $vip:2100 -s rr"
	for n in 1 2 3; do
		echo "-a -t $vip:21 -r $(bracket "$(mode_server nat $n "${1:-}")"):21 -m"
		echo "-a -t $vip:2100 -r $(bracket "$(mode_server nat $n "${1:-}")"):2121 -m"
	done
}

# ftp CURL-ARGUMENT... PATH: from the service; what server addresses a reply 227 names are used.
ftp() {
	at client curl -sS --max-time 20 --no-ftp-skip-pasv-ip "${@:1:$#-1}" "$URL/${!#}"
}

# Three connections, three servers; each lists, gets a name twice in one session.
case_names() {
	local n
	for n in 1 2 3; do
		ftp "$@" '{name,name}' || return
	done >"$HOSTS_WORK/names"
	equal "$(sort "$HOSTS_WORK/names" | tr '\n' ' ')" 'rs1 rs1 rs2 rs2 rs3 rs3 '
}

case_list() {
	equal "$(ftp "$@" '' | awk '{ print $NF }' | sort | tr '\n' ' ')" 'large name up '
}

case_large() {
	ftp "$@" large | cmp - "$HOSTS_WORK/large"
}

case_up() {
	local server
	rm -f "$HOSTS_WORK"/rs?-*/root/up/small
	ftp "$@" -T "$HOSTS_WORK/small" up/ || return
	for server in "$HOSTS_WORK"/rs?-*/root/up/small; do
		[ -e "$server" ] && cmp "$HOSTS_WORK/small" "$server" && return
	done
	return 1
}

way() { # NAME CURL-ARGUMENT...
	check "$1: each session has one server, with its data" case_names "${@:2}"
	check "$1: a listing" case_list "${@:2}"
	check "$1: 20 MB down" case_large "${@:2}"
	check "$1: a file up" case_up "${@:2}"
}

ways() { # [6]
	local vip name="IPv${1:-4}"
	vip=$(bracket "$(mode_vip nat "${1:-}")")
	URL=ftp://$vip
	way "$name, EPSV" --ftp-pasv
	[ -n "${1:-}" ] || way "$name, PASV" --disable-epsv
	way "$name, EPRT" -P -
	[ -n "${1:-}" ] || way "$name, PORT" -P - --disable-eprt
	URL=ftp://$vip:2100
	check "$name, another port: passive" case_names --ftp-pasv
	check "$name, another port: active" case_names -P -
}

# What the report lists while a session waits between two files.
both_listed() {
	tell
	grep -E '^TCP [0-9:]+ +ESTABLISHED +192.0.2.9:[0-9]+ +192.0.2.80:21 ' "$HOSTS_WORK/report" &&
		grep -E '^TCP [0-9:]+ +ESTABLISHED +192.0.2.9:[0-9]+ +192.0.2.80:30[0-9]+ +198.51.100.1[123]:30[0-9]+' \
			"$HOSTS_WORK/report"
}

# A download of ten seconds, and before it ends both connections.
case_report() {
	local pid
	at client curl -sS --max-time 20 --disable-epsv --limit-rate 2M "ftp://192.0.2.80/large" >/dev/null &
	pid=$!
	in_time 8 both_listed && wait $pid
}

set_up() {
	local n
	must mode_build nat
	must forwarding director
	# The servers' own addresses are of no use to the client, nor the other way round.
	must on client route add blackhole 198.51.100.0/24
	must on client route add blackhole 2001:db8:2::/64
	for n in 1 2 3; do
		must serve rs$n 21
		must serve rs$n 2121
	done
	{ rules && rules 6; } >"$RULES"
}

head -c 20M /dev/urandom >"$HOSTS_WORK/large"
head -c 100k "$HOSTS_WORK/large" >"$HOSTS_WORK/small"
set_up
must director "$RULES" nat --ftp=21,2100 --workers 2
DIRECTOR=$STARTED
ways
ways 6
check "control and data connections are listed" case_report
kill -RTMIN "$DIRECTOR"
check "lvsd's own check finds nothing" says "$LOG" 'check: [0-9,]* connections\?, 0 findings'
check "lvsd ends well" stop "$DIRECTOR"

must director "$RULES" nat
DIRECTOR=$STARTED
URL=ftp://192.0.2.80
check "without the helper: passive fails" not ftp --disable-epsv --max-time 4 name
check "... and active too" not ftp -P - --max-time 4 name
check "lvsd ends well" stop "$DIRECTOR"
finish
