# Runs PROGRAM ARGUMENTS. With REPORTS it must end with the sanitizer's exit code and print that text; without, it must
# end with 0 and print nothing of a sanitizer.
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE code)
if(REPORTS)
  string(FIND "${said}" "${REPORTS}" found)
  if(NOT code STREQUAL "66" OR found EQUAL -1)
    message(FATAL_ERROR "expected exit code 66 and '${REPORTS}', found exit code ${code} and:\n${said}")
  endif()
else()
  string(FIND "${said}" "Sanitizer" found)
  if(NOT code STREQUAL "0" OR NOT found EQUAL -1)
    message(FATAL_ERROR "expected exit code 0 and no report, found exit code ${code} and:\n${said}")
  endif()
endif()
