# SPDX-License-Identifier: BSD-2-Clause
# LVS_SANITIZE=address,undefined or thread, coverage and fuzzing hooks, for everything in this tree.
if(LVS_SANITIZE)
	# Lines are what a report tells of a place: with more, a build takes a third longer.
	target_compile_options(lvs_flags INTERFACE
		-fsanitize=${LVS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
	target_link_options(lvs_flags INTERFACE -fsanitize=${LVS_SANITIZE})
endif()
if(LVS_COVERAGE)
	target_compile_options(lvs_flags INTERFACE --coverage -O0 -g)
	target_link_options(lvs_flags INTERFACE --coverage)
endif()
if(LVS_BUILD_FUZZERS)
	# The libraries get the hooks only; the targets in tests/fuzz add the driver.
	target_compile_options(lvs_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
