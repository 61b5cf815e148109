#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The page that lvsd serves: page.sh BUILD-DIRECTORY [chromium [PICTURES]]. With a browser, what it shows.
#
#     netns client       netns director              netns rs1, rs2, rs3
#    +-----------+      +---------------+          +-------------------------+
#    | 192.0.2.9 c0 === d0  192.0.2.1   |          | 198.51.100.11, .12, .13 |
#    +-----------+      |  lvsd: .80    |          |  nginx on 8080          |
#                       | 198.51.100.1 d1 =bridge= s0                        |
#                       |  browser      |          +-------------------------+
#                       +---------------+
set -u
. "$(dirname "$0")/lib.sh"
begin "$@"
browser=${2:-} pictures=${3:-}
[ -z "$browser" ] || command -v "$browser" >/dev/null || skip "$browser is missing"

must mode_build nat
for name in rs1 rs2 rs3; do
	must web $name
done
mode_rules nat >"$RULES"
sed -i '$s|-w 1|-w 0|' "$RULES" # rs3 is drained
must director "$RULES" nat --metrics 9102

fetched() { # WORDS: of the answer, head and body
	at director curl -sS -i --max-time 5 "http://127.0.0.1:9102/" | tr -d '\r' | grep -e "$1"
}
asks_nobody() { # every address in it is its own server's
	! at director curl -sS --max-time 5 "http://127.0.0.1:9102/" | grep -E '(https?:)?//[a-z]|url\('
}
# shown [ARGUMENT...]: the page as the browser has made it, after some turns.
shown() {
	at director env HOME="$HOSTS_WORK" timeout 60 "$browser" --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --user-data-dir="$HOSTS_WORK/browser" --hide-scrollbars "$@" http://127.0.0.1:9102/ 2>"$HOSTS_WORK/said"
}
has() { # WORDS: in the text of the page
	sed '/<script>/,/<\/script>/d; /<style>/,/<\/style>/d; s/<[^>]*>/ /g' "$HOSTS_WORK/dom" | tr -s ' \n' ' ' | grep -oE ".{0,60}$1.{0,60}"
}
busy() {
	while sleep 0.2; do
		spread nat 20 >/dev/null 2>&1
	done
}

check "the page is there" fetched '<title>lvsd</title>'
check "it may ask its own server alone" fetched "^Content-Security-Policy: default-src 'none'.*connect-src 'self'"
check "it names no other" asks_nobody
[ -n "$browser" ] || finish

busy &
load=$!
sleep 1
must shown --virtual-time-budget=9000 --dump-dom >"$HOSTS_WORK/dom"
check "the service, how it chooses" has 'TCP 192.0.2.80:80 rr'
check "a server takes new connections" has '198.51.100.11:8080 takes new'
check "a drained one is told in words" has '198.51.100.13:8080 drained \(weight 0\) 0'
check "half of the connections each" has '(49|50|51) %'
check "no trouble" not has 'does not answer'
check "plots are drawn" grep -qE '<path d="M[0-9.]+ [0-9.]+L' "$HOSTS_WORK/dom"
if [ -n "$pictures" ]; then
	mkdir -p "$pictures"
	shown --virtual-time-budget=60000 --window-size=1200,1000 --screenshot="$pictures/page-light.png"
	shown --virtual-time-budget=60000 --window-size=420,1500 --blink-settings=preferredColorScheme=0 --screenshot="$pictures/page-phone-dark.png"
fi
kill $load
finish
