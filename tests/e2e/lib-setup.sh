# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What lvsd makes on the director's host, compared. Needs lib.sh.

# state FILE: all of the director's host that somebody might have changed.
state() {
	{
		at director nft list ruleset
		on director -d addr | sed -E 's/ (valid|preferred)_lft .*//'
		on director -d link
		on director route show table all
		on director -6 route show table all | sed -E 's/ expires [0-9a-z]*//'
		on director -d rule
		on director -6 -d rule
		at director sh -c 'cd /proc/sys/net && grep -rs . ipv4 ipv6' | grep -v '/\(stat_refresh\|flush\)' | sort
	} >"$1"
}
as_before() {
	state "$HOSTS_WORK/after"
	diff "$HOSTS_WORK/before" "$HOSTS_WORK/after"
}
