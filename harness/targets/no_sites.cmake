# Fails when FILE holds the name of a fault site. Names look like engine.op.body.
file(STRINGS ${FILE} found REGEX "^(engine|cached_op|io)\\.[a-z_]+\\.[a-z_]+$")
if(found)
  message(FATAL_ERROR "${FILE} was built without probes and holds: ${found}")
endif()
