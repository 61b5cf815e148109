# SPDX-License-Identifier: BSD-2-Clause
# lvs_library(name OUTPUT lvs-x EXPORT x MAP file SOURCES ...): compiled once, position independent,
# hidden but for the map, then linked both ways. Makes name_objects, name and name_static, and
# liblvs::x and liblvs::x_static for users. `name` is private to this build.
function(lvs_library name)
	cmake_parse_arguments(arg "" "OUTPUT;EXPORT;MAP" "SOURCES" ${ARGN})
	add_library(${name}_objects OBJECT ${arg_SOURCES})
	set_target_properties(${name}_objects PROPERTIES
		POSITION_INDEPENDENT_CODE ON C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden)
	target_include_directories(${name}_objects
		PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/lib)
	target_link_libraries(${name}_objects PRIVATE lvs_flags)

	add_library(${name} SHARED $<TARGET_OBJECTS:${name}_objects>)
	add_library(${name}_static STATIC $<TARGET_OBJECTS:${name}_objects>)
	foreach(target ${name} ${name}_static)
		target_include_directories(${target} INTERFACE
			$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
			$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
		target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:lvs_flags>)
	endforeach()
	set_target_properties(${name} PROPERTIES
		OUTPUT_NAME ${arg_OUTPUT} EXPORT_NAME ${arg_EXPORT} LINK_DEPENDS ${arg_MAP}
		VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
	set_target_properties(${name}_static PROPERTIES
		OUTPUT_NAME ${arg_OUTPUT} EXPORT_NAME ${arg_EXPORT}_static)
	target_link_options(${name} PRIVATE -Wl,--version-script=${arg_MAP} -Wl,--as-needed)
	if(NOT LVS_SANITIZE AND NOT LVS_BUILD_FUZZERS) # a sanitizer's runtime is in the program
		target_link_options(${name} PRIVATE -Wl,-z,defs)
	endif()
	add_library(liblvs::${arg_EXPORT} ALIAS ${name})
	add_library(liblvs::${arg_EXPORT}_static ALIAS ${name}_static)
	if(LVS_INSTALL)
		lvs_install_library(${name} ${arg_EXPORT})
	endif()
endfunction()
