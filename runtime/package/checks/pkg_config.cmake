# Builds the one file SOURCE with what pkg-config says, and runs it.
cmake_minimum_required(VERSION 3.25)
if(NOT PKG_CONFIG)
  message("skipped: pkg-config is not installed")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs tenter
  OUTPUT_VARIABLE options OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PKG_CONFIG} --variable=libdir tenter
  OUTPUT_VARIABLE libdir OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PKG_CONFIG} --modversion tenter
  OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "pkg-config says version ${version}; the project is ${VERSION}")
endif()
separate_arguments(options UNIX_COMMAND "${FLAGS} ${SANITIZE} ${SANITIZE_LINK} ${options}")
execute_process(COMMAND ${C_COMPILER} ${SOURCE} -o ${PROGRAM} ${options} -Wl,-rpath,${libdir} COMMAND_ERROR_IS_FATAL ANY)
tenter_run(${PROGRAM} "${EXPECTED}")
