# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The address plan, and what differs between the families. Needs hosts.sh.
#
#   net 1   192.0.2.0/24      2001:db8:1::/64   where the client is
#   net 2   198.51.100.0/24   2001:db8:2::/64   servers behind a director
#   net 3   203.0.113.0/24    2001:db8:3::/64   a director elsewhere; more servers behind another
#
# Hosts have both addresses; a service has one of them.

# family 4|6: of all that is asked without saying which, and the words of its filters.
# shellcheck disable=SC2034 # for those who source this
family() {
	case $1 in
	6) FAMILY=6 FAMILY_NAME=IPv6 IP=ip6 TUNNELLED='ip6 nexthdr 41' ;;
	*) FAMILY='' FAMILY_NAME=IPv4 IP=ip TUNNELLED='ip protocol 4' ;;
	esac
}

# plan NET NUMBER [6]: an address; by 4, of IPv4.
plan() {
	case $1:${3-$FAMILY} in
	*:6) echo "2001:db8:$1::$2" ;;
	1:*) echo "192.0.2.$2" ;;
	2:*) echo "198.51.100.$2" ;;
	3:*) echo "203.0.113.$2" ;;
	esac
}

# plan_net NET: all of it, as a filter says it.
plan_net() {
	case $FAMILY in
	6) echo "$(plan "$1" '')/64" ;;
	*) echo "$(plan "$1" 0)/24" ;;
	esac
}

# stand HOST INTERFACE NET NUMBER: there, in both families.
stand() {
	address "$1" "$2" "$(plan "$3" "$4" 4)/24" "$(plan "$3" "$4" 6)/64"
}

# hold HOST NET NUMBER: a service's address, that the host does not answer for.
hold() {
	address "$1" lo "$(plan "$2" "$3" 4)/32" "$(plan "$2" "$3" 6)/128"
}

# lead HOST NET NUMBER: the way to everywhere else.
lead() {
	gateway "$1" "$(plan "$2" "$3" 4)" "$(plan "$2" "$3" 6)"
}

# An address as it stands before a port.
bracket() {
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

family 4
