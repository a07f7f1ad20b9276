# A build from nothing in less time: headers that most files include are compiled once, and the many files of the strategies
# a folder at a time. Left out where ccache is found, which keeps whole objects instead, and by the presets tidy and release, so
# that a file that forgets an include fails somewhere.

if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES ccache)
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()

set(TROUPE_STANDARD_HEADERS <algorithm> <array> <atomic> <chrono> <cmath> <condition_variable> <cstdint> <deque> <functional>
  <map> <memory> <mutex> <numeric> <optional> <ranges> <set> <span> <sstream> <string> <string_view> <unordered_map>
  <utility> <variant> <vector>)

# troupe_precompile(TARGET tests|library): a target of that kind uses the headers of its kind. The first of each kind in a
# build compiles them for all.
function(troupe_precompile target kind)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  set(owner troupe_precompiled_${kind})
  if(NOT TARGET ${owner})
    file(WRITE ${PROJECT_BINARY_DIR}/${owner}.cpp "")
    add_library(${owner} OBJECT ${PROJECT_BINARY_DIR}/${owner}.cpp)
    troupe_common(${owner})
    if(kind STREQUAL tests)
      target_link_libraries(${owner} PRIVATE GTest::gmock)
      troupe_compile_sooner(${owner})
      target_precompile_headers(${owner} PRIVATE ${TROUPE_STANDARD_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
    else()
      set_target_properties(${owner} PROPERTIES POSITION_INDEPENDENT_CODE ON)
      target_precompile_headers(${owner} PRIVATE ${TROUPE_STANDARD_HEADERS})
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${owner})
endfunction()

# troupe_unite(TARGET [ALONE files...]): the files of a folder become one translation unit, and so share their anonymous
# namespace. Files whose names in it are another's too are compiled alone.
function(troupe_unite target)
  cmake_parse_arguments(ARG "" "" "ALONE" ${ARGN})
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "in_${folder}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  target_compile_options(${target} PRIVATE -Wno-shadow)  # a name of one file may hide another file's
endfunction()
