# What tests share: their environment, and one way to declare a gtest executable.

enable_testing()
include(GoogleTest)

# ctest reads this before any test: ranks of MPI tests run as root in containers, and are more than the cores. Open MPI 4,
# then 5; OpenMP or BLAS threads would only make four ranks fight for two cores.
file(WRITE ${CMAKE_BINARY_DIR}/test_environment.cmake [[
foreach(setting OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
        PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMPI_MCA_btl_vader_single_copy_mechanism=none OMP_NUM_THREADS=1)
  string(REGEX MATCH "^([^=]+)=(.*)$" _ "${setting}")
  set(ENV{${CMAKE_MATCH_1}} "${CMAKE_MATCH_2}")
endforeach()
]])
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_BINARY_DIR}/test_environment.cmake)

# troupe_test(NAME SOURCES ... PRIVATE libs... [LABELS ...] [TIMEOUT seconds] [PROPERTIES ...] [WHOLE]): a gtest executable;
# each TEST is a test of ctest's, or with WHOLE the executable is (many short tests that share an expensive beginning).
# A test that calls GTEST_SKIP() << "why" is reported as skipped with that reason.
function(troupe_test name)
  cmake_parse_arguments(ARG "WHOLE" "TIMEOUT" "SOURCES;PRIVATE;LABELS;PROPERTIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  troupe_executable(${name} SOURCES ${ARG_SOURCES} PRIVATE ${ARG_PRIVATE} GTest::gmock GTest::gtest_main)
  set(properties TIMEOUT ${ARG_TIMEOUT} ${ARG_PROPERTIES})
  if(ARG_LABELS)
    list(APPEND properties LABELS "${ARG_LABELS}")
  endif()
  if(ARG_WHOLE)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ${properties})
  else()
    gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
  endif()
endfunction()
