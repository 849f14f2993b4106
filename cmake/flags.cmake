# Warnings and code generation that every target of the project shares.
# Exceptions to a warning belong to the file that needs them, with a reason, never here.
# All of it is of this folder and of those below, so that a project with this one in a subfolder gets none of it.
include_directories(${PROJECT_SOURCE_DIR})
add_compile_options(-Wall -Wextra)
if(PROJECT_IS_TOP_LEVEL)  # a warning of another compiler is no error of the project that it is built for
  add_compile_options(-Werror)
endif()
add_compile_options(-g1 -fno-omit-frame-pointer)
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
