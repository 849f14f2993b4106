# Warnings and code generation that every target of the project shares.
# Exceptions to a warning belong to the file that needs them, with a reason, never here.
include_directories(${CMAKE_SOURCE_DIR})
add_compile_options(-Wall -Wextra -Werror -g1 -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety> $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety-beta>)
  add_link_options(-fuse-ld=lld)
else()
  # g++ 12 warns falsely about std::string concatenation (GCC bug 105651), and about a pointer to a
  # local that is cleared before the function returns.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict> $<$<COMPILE_LANGUAGE:CXX>:-Wno-dangling-pointer>)
endif()
if(TENTER_PROBES)
  add_compile_definitions(TENTER_PROBES=1)
endif()
