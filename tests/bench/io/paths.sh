# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Makes the paths of paths/*.sh. Each such file sets MODES, and defines path(), which makes the path of MODE and
# leaves the balancer's process in STARTED, if it has one. It may define path_missing(): says what is missing here.
# Needs hosts.sh.
PATH_FILES=(direct nft haproxy nginx lvsd-packet lvsd-tun lvsd-xdp)
# Others' figures are told beside these.
REFERENCES=(direct nft/nat haproxy/splice)

# paths_of FILE: the names of its paths, a line each.
paths_of() (
	# shellcheck source=tests/bench/io/paths/lvsd-packet.sh
	. "$IO/paths/$1.sh"
	for mode in "${MODES[@]}"; do
		echo "$1${mode:+/$mode}"
	done
)

# paths_all: names of all paths.
paths_all() {
	local file
	for file in "${PATH_FILES[@]}"; do
		paths_of "$file"
	done
}

# paths_wanted BEGINNING...: those whose names begin so, and the references; all when nothing is said.
paths_wanted() {
	local name wanted
	for name in $(paths_all); do
		wanted=
		[ $# -gt 0 ] && [[ " ${REFERENCES[*]} " != *" $name "* ]] || wanted=1
		for beginning; do
			[[ $name != "$beginning"* ]] || wanted=1
		done
		[ -z "$wanted" ] || echo "$name"
	done
}

# path_make NUMBER NAME: true: it is there, and a line "NAME ADDRESS PID" of it in WORK/paths; 77: it cannot be here.
path_make() {
	local file=${2%%/*} why
	# shellcheck disable=SC2034 # hosts.sh
	NUMBER=$1 BALANCER=b$1 VIP=10.201.$1.80 MODE=${2#"$file"} STARTED=0
	MODE=${MODE#/}
	path_missing() { :; }
	# shellcheck source=tests/bench/io/paths/lvsd-packet.sh
	. "$IO/paths/$file.sh"
	why=$(path_missing)
	if [ -n "$why" ]; then
		echo "skip - $2: $why" >&2
		return 77
	fi
	if ! path; then
		echo "tests/bench/run: the path $2 could not be made" >&2
		return 1
	fi
	echo "$2 $VIP $STARTED" >>"$HOSTS_WORK/paths"
}

# paths_make NAME...
paths_make() {
	local name number=0
	: >"$HOSTS_WORK/paths"
	for name; do
		path_make $number "$name" || [ $? -eq 77 ] || return
		number=$((number + 1))
	done
	hosts_unwrap
}

# lvsd_start ADAPTER-AND-PREFIX: with rules for MODE, by both links; in STARTED.
lvsd_start() {
	local rules=$HOSTS_WORK/rules-$BALANCER n flag=-g log=$HOSTS_WORK/lvsd-$BALANCER.log service
	case $MODE in
	nat) flag=-m ;;
	tun) flag=-i ;;
	esac
	for service in "-t $VIP:$HTTP" "-u $VIP:$DATAGRAMS"; do
		echo "-A $service -s rr"
		for n in 1 2 3 4; do
			echo "-a $service -r $(server_address $n):${service##*:} $flag -w 1"
		done
	done >"$rules"
	start "$BALANCER" "$log" "$LVSD" --io "$1d0,d1" --rules "$rules"
	LVSD_LOGS[NUMBER]=$log
}

# The ways of lvsd, by any adapter.
lvsd_path() { # ADAPTER-AND-PREFIX
	balancer || return
	case $MODE in
	nat) answer_by_balancer ;;
	dr) answer_past_balancer && serve_itself ;;
	tun) answer_past_balancer && TUNNELLED+=("$VIP") ;;
	esac && lvsd_start "$1"
}

# Each asks first whether another host has its address: all do at the same time. One that cannot run here is left out.
LVSD_LOGS=()
paths_ready() {
	local number vip
	for number in "${!LVSD_LOGS[@]}"; do
		says "${LVSD_LOGS[number]}" 'ready: ' 2>/dev/null && continue
		vip=10.201.$number.80
		echo "skip - $(awk -v vip="$vip" '$2 == vip { print $1 }' "$HOSTS_WORK/paths"):" \
			"$(tail -n 1 "${LVSD_LOGS[number]}")" >&2
		sed -i "/ $vip /d" "$HOSTS_WORK/paths"
	done
}
