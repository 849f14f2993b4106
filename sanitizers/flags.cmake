# Turns TENTER_SANITIZER into compiler and linker flags for every target.
# Asking for thread and address together is refused here, with a sentence, instead of by the linker, without one.
if(TENTER_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
  add_compile_definitions(TENTER_TSAN=1)
elseif(TENTER_SANITIZER STREQUAL "address,undefined")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(TENTER_ASAN=1)
elseif(NOT TENTER_SANITIZER STREQUAL "")
  message(FATAL_ERROR "TENTER_SANITIZER is '${TENTER_SANITIZER}': it must be empty, 'thread' or 'address,undefined'")
endif()
