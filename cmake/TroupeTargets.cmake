# One way to declare a folder's target, so that no folder decides on warnings or language level for itself.

set(TROUPE_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast)

function(troupe_common target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE ${TROUPE_WARNINGS})
  if(TROUPE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -g)
    target_link_options(${target} PRIVATE -fsanitize=${TROUPE_SANITIZE})
  endif()
endfunction()

# troupe_library(NAME SOURCES ... HEADERS ... PUBLIC libs... PRIVATE libs...): target troupe_NAME, alias troupe::NAME.
# The headers are its public interface and are verified to compile alone (target all_verify_interface_header_sets).
function(troupe_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target troupe_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  add_library(troupe::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  troupe_common(${target})
endfunction()

function(troupe_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_PRIVATE})
  troupe_common(${name})
endfunction()
