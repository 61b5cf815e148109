# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# What one way came to, for people and for programs. Needs proof.sh.

# report_json MODE STATUS: false where it cannot be written.
report_json() {
	local name servers=''
	for name in $SERVERS; do
		servers+="${servers:+,}\"$name\":$(answered_by "$name")"
	done
	printf '{"mode":"%s","family":"%s",%s"requests":%d,"answered":%d,"servers":{%s},"ok":%s}\n' "$1" \
		"${FAMILY_NAME,,}" "$([ "$1" != nested ] || printf '"first":"%s",' "$FIRST")" "$REQUESTS" \
		"$(answered)" "$servers" "$([ "$2" -eq 0 ] && echo true || echo false)" || return
	[ "$2" -eq 0 ] || cat "$HOSTS_WORK/proofs" "$HOSTS_WORK"/*.log >&2
}

# report_table MODE STATUS SECONDS
report_table() {
	local name
	printf '\n  %-7s %-8s %8s %8s   %-22s %s\n' server director answered share 'asked as' 'by the client'
	for name in $SERVERS; do
		awk -v name="$name" -v all="$REQUESTS" -v of="$("$(way "$1")_director" "$name")" '
			$1 == name { n++; client = $2; server = $3 }
			END { printf "  %-7s %-8s %8d %6.1f %%   %-22s %s\n", name, of, n, 100 * n / all, server, client }
		' "$HOSTS_WORK/answers"
	done
	printf '\n'
	cat "$HOSTS_WORK/proofs"
	[ "$2" -eq 0 ] || tail -n 20 "$HOSTS_WORK"/*.log
	printf '\n%s: %s, in %d s\n' "$(title "$1")" "$([ "$2" -eq 0 ] && echo 'as it should be' || echo FAILED)" "$3"
}
