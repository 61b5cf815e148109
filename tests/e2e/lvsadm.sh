#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# lvsadm beside Debian's ipvsadm: the same words, the same listings; and what it can do beyond.
#
#     netns client           netns director                       netns rs1, rs2, rs3
#    +---------------+      +-----------------------+          +----------------------+
#    | 192.0.2.9     c0 == d0  192.0.2.1            |          | 198.51.100.11 .. .13 |
#    +---------------+      |  lvsd, no rules       d1 =bridge= s0  nginx, port 8080 |
#                           |    ^ control socket   |          +----------------------+
#                           |  lvsadm, lvs-run ipvsadm
#                           +-----------------------+
# tests/e2e/lib-lvsadm.py by hand tries as many command lines as one likes.
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
RUN=$1/examples/lvs-run/lvs-run ADM=$1/examples/lvsadm/lvsadm SHIM=$1/tests/e2e/lvsadm_shim.so
command -v ipvsadm >/dev/null || skip "ipvsadm is missing"
for program in "$RUN" "$ADM" "$SHIM"; do
	[ -x "$program" ] || skip "$(basename "$program") is not built"
done

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
start director "$LOG" "$LVSD" --io packet:d0,d1 --control
must soon says "$LOG" ready

adm() {
	at director "$ADM" "$@"
}
# same ARGUMENT...: both say the same, and end the same.
same() {
	local own=$HOSTS_WORK/own theirs=$HOSTS_WORK/theirs status
	at director "$RUN" ipvsadm "$@" >"$theirs" 2>&1
	status=$?
	adm "$@" 2>&1 | grep -v '^lvsadm: ' >"$own"
	equal "${PIPESTATUS[0]}" "$status" && diff "$theirs" "$own"
}
prints() { # "LINES" ARGUMENT...
	local expected=$1
	shift
	diff <(echo "$expected") <(adm "$@" 2>&1)
}
refused() { # STATUS "MESSAGE" ARGUMENT...
	local status=$1 message=$2 got
	shift 2
	got=$(adm "$@" 2>&1)
	equal "$?: $got" "$status: $message"
}
# configuration SEED: services and servers of all kinds, at random.
configuration() {
	python3 - "$1" <<-'END'
		import random, sys
		r = random.Random(int(sys.argv[1]))
		for i in range(60):
		    six = r.random() < .4
		    addr = f"[2001:db8:{r.choice('fa1')}::{i + 1:x}]" if six else f"{r.choice((10, 100, 192, 200))}.0.{i}.7"
		    kind = r.choice(("-t", "-u", "--sctp-service", "-f"))
		    port = r.choice((80, 443, 53, 65535))
		    name = f"-f {r.choice((1, 1000, 2**30)) + i}" if kind == "-f" else f"{kind} {addr}:{port}"
		    name += (" -6" if six and kind == "-f" else "")
		    sched = r.choice("rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos".split())
		    line = f"-A {name} -s {sched}"
		    if r.random() < .5:
		        line += f" -p {r.randint(1, 9999)}" + r.choice(("", " -M 64" if six else " -M 255.255.0.0"))
		        if kind == "-u":
		            line += " --pe sip"
		    elif kind == "-u" and r.random() < .5:
		        line += " -o"
		    if r.random() < .5:
		        line += " -b " + r.choice((f"{sched}-port,{sched}-fallback" if sched in ("sh", "mh") else "flag-3", "flag-1"))
		    print(line)
		    for k in r.sample(range(1, 250), r.randint(0, 8)):
		        dest = f"[2001:db8:1::{k:x}]" if six else f"198.51.100.{k}"
		        way = r.choice(("-m", "-g", "-i", "-i --tun-type gue --tun-port 6080 --tun-remcsum",
		                        "-i --tun-type gre --tun-csum"))
		        upper = r.randint(0, 500)
		        print(f"-a {name} -r {dest}:{port} {way} -w {r.randint(0, 9999)} -x {upper} -y {r.randint(0, upper)}")
	END
}

# 1. Words.
check "the same words as ipvsadm for 150 command lines" \
	python3 "$E2E/lib-lvsadm.py" "$ADM" "$SHIM" --random 150 --some 150 --seed "${LVS_SEED:-1}"

# 2. Listings.
configuration "${LVS_SEED:-1}" >"$HOSTS_WORK/rules"
check "60 services are loaded by -R" adm -R <"$HOSTS_WORK/rules"
check "all of them" equal "$(adm -S -n | wc -l)" "$(wc -l <"$HOSTS_WORK/rules")"
for options in -Ln '-Ln --stats' '-Ln --rate --exact' '-Ln --thresholds' '-Ln --persistent-conn' '-Ln --tun-info' \
	'-Ln --nosort' '-L --timeout' '-L --daemon' '-Sn' '-Lnc' '-Lnc --persistent-conn' '-Ln -t 9.9.9.9:9' '-D -t 9.9.9.9:9' \
	'-a -t 9.9.9.9:9 -r 198.51.100.11' '-Z' '--start-daemon master' '--stop-daemon backup'; do
	# shellcheck disable=SC2086 # several words
	check "$options is ipvsadm's" same $options
done

# 3. Saved, and restored as one transaction.
adm save >"$HOSTS_WORK/saved"
check "saved wholly: thresholds too" grep -q -- ' -x [1-9]' "$HOSTS_WORK/saved"
check "what is there would not change" prints '0 added, 0 changed, 0 removed (not done)' restore --dry-run "$HOSTS_WORK/saved"
cat >"$HOSTS_WORK/next" <<'END'
# the service of this test
set expire_nodest_conn 1
-A -t 192.0.2.80:80 -s rr
-a -t 192.0.2.80:80 -r 198.51.100.11:8080 -m
-a -t 192.0.2.80:80 -r 198.51.100.12:8080 -m
END
adm restore --dry-run "$HOSTS_WORK/next" >"$HOSTS_WORK/dry"
check "--dry-run says what would come" grep -qxF -- '+ -a -t 192.0.2.80:80 -r 198.51.100.11:8080 -m -w 1' "$HOSTS_WORK/dry"
check "and go" grep -q -- '^- -A ' "$HOSTS_WORK/dry"
check "and which setting changes" grep -qxF -- '+ set expire_nodest_conn 1' "$HOSTS_WORK/dry"
check "and does nothing" equal "$(adm -S -n | wc -l)" "$(wc -l <"$HOSTS_WORK/rules")"
check "it is done" adm restore "$HOSTS_WORK/next"
check "all else is gone" equal "$(adm -S -n | wc -l)" 3
check "settings, too" prints 1 settings get net.ipv4.vs.expire_nodest_conn
check "the service answers" equal "$(get nat | cut -d' ' -f1 | tr -d 12)" rs
echo '-a -t 192.0.2.80:81 -r 198.51.100.12 -m' >>"$HOSTS_WORK/next"
check "a wrong line is named" refused 255 \
	'lvsadm: restore: line 6: the service was not named before: nothing has changed' restore "$HOSTS_WORK/next"
check "and nothing has changed" equal "$(adm -S -n | wc -l)" 3

# 4. Connections, one server's end, explanations.
gets() { # NUMBER: who answers
	local i
	for ((i = 0; i < $1; i++)); do get nat | cut -d' ' -f1; done
}
gets 4 >/dev/null
check "connections are listed" more "$(adm conns -t 192.0.2.80:80 | wc -l)" 3
check "and counted" more "$(adm conns --count -r 198.51.100.11:8080)" 1
check "none of another client" prints 0 conns --count --client 192.0.2.10
check "kill wants to know which" refused 2 'lvsadm: conns: expected which ones kill is about, or --all, got neither' conns kill
check "a server is drained: its time is up" adm drain 198.51.100.11 --deadline 0
check "it has none" prints 0 conns --count -r 198.51.100.11
check "it gets none" equal "$(gets 3 | sort -u)" rs2
check "explain names the server" grep -q 198.51.100.12 <(adm explain tcp 192.0.2.9:40000 192.0.2.80:80)
check "explain by JSON" python3 -m json.tool <(adm explain tcp 192.0.2.9:40000 192.0.2.80:80 --json)
check "watch" grep -q '198.51.100.12:8080 ' <(adm watch --count 1)
check "a setting" adm settings set expire_nodest_conn 0
check "of a name that is none" grep -q '^lvsadm: settings: ' <(adm settings set nosuch 1 2>&1)

# 5. Size.
python3 -c 'for i in range(1000):
	v = f"198.{18 + (i >> 14)}.{i >> 6 & 255}.{1 + (i & 63)}:80"
	print(f"-A -t {v} -s rr")
	for k in range(10): print(f"-a -t {v} -r 198.51.{k}.{1 + (i & 127)}:8080 -m -w 1")' >"$HOSTS_WORK/large"
check "1,000 services with 10 servers each by -R" adm -R <"$HOSTS_WORK/large"
check "they are there" equal "$(adm -Ln | wc -l)" 11006
finish
