# SPDX-License-Identifier: BSD-2-Clause
# Components: runtime (shared libraries), development (headers, static libraries, CMake and
# pkg-config files), tools (what examples/ installs).
include(CMakePackageConfigHelpers)
set(LVS_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/liblvs)

# Static libraries have an export file of their own: it names what only they need.
function(lvs_install_library name export)
	foreach(target ${name} ${name}_static)
		string(REPLACE ${name} ${export} file ${target})
		install(TARGETS ${target} EXPORT liblvs-${file}
			LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
				COMPONENT runtime NAMELINK_COMPONENT development
			ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
		install(EXPORT liblvs-${file} NAMESPACE liblvs:: FILE liblvs-${file}.cmake
			DESTINATION ${LVS_CONFIG_DIR} COMPONENT development)
	endforeach()
	if(export STREQUAL lvs)
		set(pc liblvs)
	else()
		set(pc liblvs-${export})
	endif()
	configure_file(${PROJECT_SOURCE_DIR}/${pc}.pc.in ${PROJECT_BINARY_DIR}/${pc}.pc @ONLY)
	install(FILES ${PROJECT_BINARY_DIR}/${pc}.pc
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# The .pc files find their prefix from where they lie, so that an installed tree can be moved.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
	set(LVS_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
	set(LVS_PC_LIBDIR ${CMAKE_INSTALL_LIBDIR})
else()
	file(RELATIVE_PATH up /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
	string(REGEX REPLACE "/$" "" up "${up}")
	set(LVS_PC_PREFIX "\${pcfiledir}/${up}")
	set(LVS_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR} OR IS_ABSOLUTE ${CMAKE_INSTALL_SBINDIR})
	set(LVS_TOOLS_RPATH ${CMAKE_INSTALL_FULL_LIBDIR})
else()
	file(RELATIVE_PATH up /p/${CMAKE_INSTALL_SBINDIR} /p/${CMAKE_INSTALL_LIBDIR})
	set(LVS_TOOLS_RPATH "\$ORIGIN/${up}")
endif()
if(IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
	set(LVS_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
else()
	set(LVS_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()

# liblvs.h names the core's headers; those of a library that is not built stay out.
set(LVS_HEADERS "*.h")
if(NOT LVS_BUILD_IO)
	file(STRINGS ${PROJECT_SOURCE_DIR}/include/liblvs/liblvs.h LVS_HEADERS REGEX "^#include <liblvs/")
	list(TRANSFORM LVS_HEADERS REPLACE "^#include <liblvs/(.*)>$" "\\1")
	list(APPEND LVS_HEADERS liblvs.h)
endif()
list(TRANSFORM LVS_HEADERS PREPEND "PATTERN;" OUTPUT_VARIABLE LVS_HEADER_PATTERNS)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/liblvs
	DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
	FILES_MATCHING ${LVS_HEADER_PATTERNS} PATTERN xdp.h EXCLUDE) # with its library, if that is built

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/liblvsConfig.cmake.in
	${PROJECT_BINARY_DIR}/liblvsConfig.cmake INSTALL_DESTINATION ${LVS_CONFIG_DIR})
# Before 1.0 a minor release may change the ABI.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/liblvsConfigVersion.cmake
	COMPATIBILITY SameMinorVersion)
install(FILES
	${PROJECT_BINARY_DIR}/liblvsConfig.cmake ${PROJECT_BINARY_DIR}/liblvsConfigVersion.cmake
	DESTINATION ${LVS_CONFIG_DIR} COMPONENT development)
