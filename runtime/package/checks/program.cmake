# Builds the project in SOURCE, which knows nothing but the package, against PREFIX, with FLAGS, and runs it. The headers
# count as its own here, so that their warnings are not hidden.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
execute_process(
  COMMAND ${CMAKE_COMMAND} --fresh -S ${SOURCE} -B ${FOLDER} -G Ninja -DCMAKE_PREFIX_PATH=${PREFIX}
          -DCMAKE_NO_SYSTEM_FROM_IMPORTED=ON -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER}
          "-DCMAKE_C_FLAGS=${FLAGS} ${SANITIZE}" "-DCMAKE_CXX_FLAGS=${FLAGS} ${SANITIZE}"
          "-DCMAKE_EXE_LINKER_FLAGS=${SANITIZE_LINK}" --no-warn-unused-cli
  COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${FOLDER}/CMakeCache.txt found REGEX "^Tenter_DIR:")
if(NOT found STREQUAL "Tenter_DIR:PATH=${PREFIX}/${LIBDIR}/cmake/Tenter")
  message(FATAL_ERROR "another package was found: ${found}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${FOLDER} COMMAND_ERROR_IS_FATAL ANY)
tenter_run(${FOLDER}/hello "${EXPECTED}")
