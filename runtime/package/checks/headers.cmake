# Each installed header compiles alone, without a warning, as C99 and as C++20.
cmake_minimum_required(VERSION 3.25)
set(strict -pedantic -Wall -Wextra -Werror -I${PREFIX}/${INCLUDEDIR} -fsyntax-only)
file(GLOB public RELATIVE ${PREFIX}/${INCLUDEDIR} ${PREFIX}/${INCLUDEDIR}/tenter/*.h)
if(NOT public)
  message(FATAL_ERROR "there are no headers in ${PREFIX}/${INCLUDEDIR}/tenter")
endif()
foreach(header ${public})
  execute_process(COMMAND ${C_COMPILER} -x c -std=c99 ${strict} -include ${header} /dev/null
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CXX_COMPILER} -x c++ -std=c++20 ${strict} -include ${header} /dev/null
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
