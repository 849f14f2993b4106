# tenter_room(NAME SOURCES ... USES ... LIBRARIES ... TESTS ...)
#
# Declares one floor of the house: the static library tenter_NAME, made of SOURCES, which may link the floors
# named in USES and the outside LIBRARIES. TESTS become one gtest binary, NAME_test, registered with ctest.
# USES is the layer rule: a floor that is not named there cannot be linked.
function(tenter_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES;TESTS;TEST_LIBRARIES" ${ARGN})
  add_library(tenter_${name} STATIC ${ROOM_SOURCES})
  list(TRANSFORM ROOM_USES PREPEND tenter_)
  target_link_libraries(tenter_${name} PUBLIC ${ROOM_USES} ${ROOM_LIBRARIES} Threads::Threads)
  if(TENTER_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    target_link_libraries(${name}_test PRIVATE tenter_${name} ${ROOM_TEST_LIBRARIES} GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS fast)
  endif()
endfunction()

# tenter_fail_allocations(TARGET)
#
# Puts operator new, malloc and their kin of runtime/base/failing_allocations.cc into the executable TARGET, and so before
# those of every shared library that it loads. ThreadSanitizer has an operator new that cannot be replaced, in the part of
# its runtime that a link by the C++ compiler adds; without that part everything comes through malloc, which it sees.
function(tenter_fail_allocations target)
  target_link_libraries(${target} PRIVATE tenter_failing_allocations)
  if(TENTER_SANITIZER STREQUAL "thread")
    set_target_properties(${target} PROPERTIES LINKER_LANGUAGE C)
  endif()
endfunction()
