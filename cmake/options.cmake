# SPDX-License-Identifier: BSD-2-Clause
# What can be chosen when configuring. As a subproject only the libraries are built by default.
include(GNUInstallDirs)

option(LVS_BUILD_IO "liblvs-io: packet adapters and netlink (needs libmnl)" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_EXAMPLES "lvsd and the example programs" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_TESTS "unit tests (needs check)" ${PROJECT_IS_TOP_LEVEL})
option(LVS_BUILD_FUZZERS "libFuzzer targets (needs clang)" OFF)
option(LVS_WERROR "warnings are errors" ${PROJECT_IS_TOP_LEVEL})
set(LVS_SANITIZE "" CACHE STRING "Sanitizers, for instance address,undefined or thread")
