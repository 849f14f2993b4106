# tenter_run(PROGRAM EXPECTED): it ends with 0 and prints EXPECTED, and finds its libraries without being told where.
function(tenter_run program expected)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=LD_LIBRARY_PATH ${program}
    OUTPUT_VARIABLE printed ERROR_VARIABLE said RESULT_VARIABLE result)
  if(NOT result EQUAL 0 OR NOT printed STREQUAL expected)
    message(FATAL_ERROR "${program} ended with ${result} and printed:\n${printed}${said}expected:\n${expected}")
  endif()
endfunction()
