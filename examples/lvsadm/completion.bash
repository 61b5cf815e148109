# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion for lvsadm: commands, options, and what has few values.
_lvsadm() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
	case $before in
	-s | --scheduler) words='rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh twos' ;;
	-b | --sched-flags) words='sh-fallback sh-port mh-fallback mh-port flag-1 flag-2 flag-3' ;;
	--pe) words=sip ;;
	--tun-type) words='ipip gue gre' ;;
	--start-daemon | --stop-daemon) words='master backup' ;;
	settings) words='list get set' ;;
	conns) words='kill --count --names --all --client --real-server --templates --no-templates' ;;
	explain) words='tcp udp sctp' ;;
	--from) words=kernel ;;
	--socket | restore) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
	*)
		words='conns drain explain import restore save settings watch --dry-run --deadline --json
			--kernel --socket --add-service --edit-service --delete-service --clear --add-server
			--edit-server --delete-server --list --zero --set --save --restore --start-daemon --stop-daemon
			--help --version --tcp-service --udp-service --sctp-service --fwmark-service --ipv6 --scheduler
			--persistent --netmask --pe --ops --sched-flags --real-server --gatewaying --ipip
			--masquerading --weight --u-threshold --l-threshold --tun-type --tun-port --tun-nocsum
			--tun-csum --tun-remcsum --numeric --connection --timeout --daemon --stats --rate --thresholds
			--persistent-conn --tun-info --nosort --exact --mcast-interface --syncid --sync-maxlen
			--mcast-group --mcast-port --mcast-ttl'
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _lvsadm lvsadm
