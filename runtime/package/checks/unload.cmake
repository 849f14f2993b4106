# The program in SOURCE as a plugin: another one loads it, and the library with it, and unloads both again and again.
cmake_minimum_required(VERSION 3.25)
separate_arguments(sanitize UNIX_COMMAND "${SANITIZE} ${SANITIZE_LINK}")
# The sanitizer's runtime is the program's alone.
separate_arguments(flags UNIX_COMMAND "${FLAGS} ${SANITIZE}")
execute_process(COMMAND ${C_COMPILER} -std=gnu99 ${CMAKE_CURRENT_LIST_DIR}/unload.c -o ${PLUGIN}_host -pthread -ldl
  ${sanitize} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${COMPILER} ${SOURCE} -o ${PLUGIN} -Dmain=Hello -shared -fPIC ${flags}
  -I${PREFIX}/${INCLUDEDIR} -L${PREFIX}/${LIBDIR} -ltenter -Wl,-rpath,${PREFIX}/${LIBDIR} COMMAND_ERROR_IS_FATAL ANY)
# What README.md says of a few hundred bytes is all that LeakSanitizer would report.
execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH ASAN_OPTIONS=detect_leaks=0 ${PLUGIN}_host ${PLUGIN} ${SYMBOL}
  OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT said STREQUAL "unloaded 20 times\n")
  message(FATAL_ERROR "${PLUGIN}_host ended with ${result}:\n${said}")
endif()
