# Applies one mutant's patch to a copy of its source. A patch that does not fit exactly is an error that names it: the
# source has changed, and whoever changed it decides where the planted bug belongs now.
execute_process(
  COMMAND ${PATCH} --fuzz=0 --silent --reject-file=- -o ${COPY} ${SOURCE} ${DIFF}
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  file(REMOVE ${COPY})
  message(FATAL_ERROR "mutant ${NAME}: ${DIFF} does not apply to ${SOURCE}\n${said}")
endif()
