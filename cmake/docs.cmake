# SPDX-License-Identifier: BSD-2-Clause
# The target doc: the reference from the public headers, in BUILD/doc/html. Warnings are errors.
add_custom_target(doc COMMAND ${PROJECT_SOURCE_DIR}/docs/reference.sh
	${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${PROJECT_VERSION} VERBATIM)
