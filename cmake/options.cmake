# SPDX-License-Identifier: BSD-2-Clause
# What can be chosen when configuring. As a subproject only the libraries are built by default.
include(GNUInstallDirs)

option(LVS_BUILD_IO "liblvs-io: packet adapters and netlink (needs libmnl)" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_XDP "liblvs-xdp: AF_XDP (needs liblvs-io, libxdp, libbpf, clang; left out without)"
	${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_EXAMPLES "lvsd and the example programs" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_TESTS "unit tests (needs check)" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_BENCH "lvs-bench, also without the tests" OFF)
option(LVS_BUILD_FUZZERS "libFuzzer targets (needs clang)" OFF)
option(LVS_BUILD_DOCS "The target doc: the reference as HTML (needs doxygen)" OFF)
option(LVS_INSTALL "Install rules and the CMake and pkg-config files" ${PROJECT_IS_TOP_LEVEL})
option(LVS_WERROR "warnings are errors" ${PROJECT_IS_TOP_LEVEL})
option(LVS_COVERAGE "Count which lines run (gcov)" OFF)
set(LVS_SANITIZE "" CACHE STRING "Sanitizers, for instance address,undefined or thread")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE Release)
endif()
# CMake's own Release is -O3; the hot path was measured and is tested at -O2.
if(PROJECT_IS_TOP_LEVEL AND CMAKE_C_FLAGS_RELEASE STREQUAL "-O3 -DNDEBUG")
	set(CMAKE_C_FLAGS_RELEASE "-O2")
endif()
