# SPDX-License-Identifier: BSD-2-Clause
# lvs_need(PREFIX MODULE PACKAGE OPTION): a library that pkg-config knows, as PkgConfig::PREFIX; says
# what to install, or to switch off, where it is missing.
macro(lvs_need prefix module package option)
	find_package(PkgConfig QUIET)
	if(PKG_CONFIG_FOUND)
		pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
	endif()
	if(NOT ${prefix}_FOUND)
		message(FATAL_ERROR "${module} is missing: apt-get install pkg-config ${package}\n"
			"or build without it: -D${option}=OFF")
	endif()
endmacro()
