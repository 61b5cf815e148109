# SPDX-License-Identifier: BSD-2-Clause
# LVS_SANITIZE=address,undefined or thread, for everything in this tree.
if(LVS_SANITIZE)
	target_compile_options(lvs_flags INTERFACE
		-fsanitize=${LVS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
	target_link_options(lvs_flags INTERFACE -fsanitize=${LVS_SANITIZE})
endif()
