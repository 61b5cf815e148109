# SPDX-License-Identifier: BSD-2-Clause
# The compile options of everything in this tree: link to lvs_flags.
add_library(lvs_flags INTERFACE)
target_compile_options(lvs_flags INTERFACE
	-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wcast-align -Wcast-qual -Wwrite-strings -Wvla -Wundef
	-Wformat=2 -Wimplicit-fallthrough -Wdouble-promotion
	-fno-common -UNDEBUG)
if(LVS_WERROR)
	target_compile_options(lvs_flags INTERFACE -Werror)
endif()
