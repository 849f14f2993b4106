# The installed tree as its users see it. One test installs; the others look at what it left, and build against it.
find_program(PKG_CONFIG pkg-config)
set(prefix ${CMAKE_CURRENT_BINARY_DIR}/moved)
set(strict "-pedantic -Wall -Wextra -Werror")
# The sanitizer's runtime is in the program, and its part for C++ there only when asked for: a C program asks.
set(sanitize "")
set(sanitize_link "")
if(TENTER_SANITIZER)
  set(sanitize -fsanitize=${TENTER_SANITIZER})
  set(sanitize_link "-fsanitize-link-c++-runtime -lstdc++")
endif()

# tenter_package_test(NAME [-DVARIABLE=VALUE ...] SCRIPT)
function(tenter_package_test name)
  list(POP_BACK ARGN script)
  add_test(NAME package_${name} COMMAND ${CMAKE_COMMAND} -DPREFIX=${prefix} -DLIBDIR=${CMAKE_INSTALL_LIBDIR}
    -DINCLUDEDIR=${CMAKE_INSTALL_INCLUDEDIR} -DHEADERS=${headers} -DVERSION=${PROJECT_VERSION}
    -DC_COMPILER=${CMAKE_C_COMPILER} -DCXX_COMPILER=${CMAKE_CXX_COMPILER}
    -DSANITIZE=${sanitize} -DSANITIZE_LINK=${sanitize_link} ${ARGN}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/checks/${script}.cmake)
  set_tests_properties(package_${name} PROPERTIES TIMEOUT 120 LABELS fast FIXTURES_REQUIRED package)
endfunction()

tenter_package_test(install -DBUILD=${PROJECT_BINARY_DIR} install)
set_tests_properties(package_install PROPERTIES FIXTURES_SETUP package FIXTURES_REQUIRED "")
tenter_package_test(files -DSOURCE=${PROJECT_SOURCE_DIR} -DBUILD=${PROJECT_BINARY_DIR} files)
tenter_package_test(symbols -DNM=${CMAKE_NM} -DREADELF=${CMAKE_READELF} symbols)
tenter_package_test(headers headers)
set(hello_c "not_found: load: no samples.csv\n")
tenter_package_test(c99 -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/hello_c -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/hello_c
  "-DFLAGS=-std=c99 ${strict}" -DEXPECTED=${hello_c} program)
tenter_package_test(cpp20 -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/hello_cpp -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/hello_cpp
  "-DFLAGS=-std=c++20 ${strict}" "-DEXPECTED=relu(-1, 2) = 0, 2\n" program)
tenter_package_test(pkg_config -DPKG_CONFIG=${PKG_CONFIG} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/hello_c/hello.c
  -DPROGRAM=${CMAKE_CURRENT_BINARY_DIR}/hello_pkg_config "-DFLAGS=-std=c99 ${strict}" -DEXPECTED=${hello_c} pkg_config)
set_tests_properties(package_pkg_config PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: pkg-config is not installed")
# What g++ builds cannot be loaded twice: see "Unloading" in the README.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  tenter_package_test(unload_c99 -DCOMPILER=${CMAKE_C_COMPILER} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/hello_c/hello.c
    -DPLUGIN=${CMAKE_CURRENT_BINARY_DIR}/unload_c99.so "-DFLAGS=-std=c99" -DSYMBOL=Hello unload)
  tenter_package_test(unload_cpp20 -DCOMPILER=${CMAKE_CXX_COMPILER} -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/hello_cpp/hello.cc
    -DPLUGIN=${CMAKE_CURRENT_BINARY_DIR}/unload_cpp20.so "-DFLAGS=-std=c++20" -DSYMBOL=_Z5Hellov unload)
endif()
tenter_package_test(readme -DFOLDER=${CMAKE_CURRENT_SOURCE_DIR} readme)
