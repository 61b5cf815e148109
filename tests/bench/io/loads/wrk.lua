-- SPDX-License-Identifier: BSD-2-Clause
-- What wrk has measured, as the line that measure.py reads; wrk's own lines come before it.
function done(summary, latency)
	local e = summary.errors
	io.write(string.format('{"units":%d,"seconds":%.6f,"errors":%d,"p50_us":%d,"p99_us":%d,"p999_us":%d}\n',
		summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
