# SPDX-License-Identifier: BSD-2-Clause
# The target doc: the reference from the public headers, in BUILD/doc/html. Warnings are errors.
find_program(LVS_DOXYGEN doxygen REQUIRED)
configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
add_custom_target(doc
	COMMAND ${LVS_DOXYGEN} ${PROJECT_BINARY_DIR}/Doxyfile
	WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} VERBATIM)
