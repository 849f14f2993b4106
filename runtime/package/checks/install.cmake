# Installs BUILD into a stage, as who makes a distribution's package does, and moves the tree to PREFIX: nothing in it may
# depend on where it was. The other checks look at PREFIX.
cmake_minimum_required(VERSION 3.25)
set(stage ${PREFIX}.stage)
file(REMOVE_RECURSE ${PREFIX} ${stage})
set(ENV{DESTDIR} ${stage})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix /opt/tenter
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${stage}/opt/tenter ${PREFIX})
file(GLOB_RECURSE beside ${stage}/*)
if(beside)
  message(FATAL_ERROR "installed outside the prefix: ${beside}")
endif()
file(REMOVE_RECURSE ${stage})
