# What a build is unless told otherwise.

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  # Line tables and names for backtraces and profilers; -g would double build time and size.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
  find_program(CCACHE ccache)
  if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_CXX_CLANG_TIDY)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  endif()
endif()

# troupe_skip("the MPI backend" "no MPI was found"): says at configuration, and again after the tests (.ci/ctest), what
# this build leaves out and why.
function(troupe_skip what why)
  message(STATUS "Left out: ${what}: ${why}")
  set_property(GLOBAL APPEND PROPERTY TROUPE_SKIPPED "${what}: ${why}")
endfunction()
function(troupe_write_skipped)
  get_property(lines GLOBAL PROPERTY TROUPE_SKIPPED)
  list(JOIN lines "\n" text)
  file(WRITE ${CMAKE_BINARY_DIR}/skipped.txt "${text}\n")
endfunction()
