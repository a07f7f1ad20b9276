# One way to declare a folder's target, so that no folder decides on warnings or language level for itself.

set(TROUPE_WARNINGS -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast)

function(troupe_common target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${TROUPE_WARNINGS}>)
  if(TROUPE_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${TROUPE_SANITIZE};-fno-omit-frame-pointer>)
    target_link_options(${target} PRIVATE -fsanitize=${TROUPE_SANITIZE})
  endif()
endfunction()

# troupe_library(NAME [SHARED] SOURCES ... HEADERS ... PUBLIC libs... PRIVATE libs...): target troupe_NAME, alias troupe::NAME.
# The headers are its public interface and are verified to compile alone (target all_verify_interface_header_sets).
# SHARED is for core alone (docs/decisions/0002-core-is-a-shared-library.md).
function(troupe_library name)
  cmake_parse_arguments(ARG "SHARED" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target troupe_${name})
  set(kind STATIC)
  if(ARG_SHARED)
    set(kind SHARED)
  endif()
  add_library(${target} ${kind} ${ARG_SOURCES})
  add_library(troupe::${name} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  troupe_common(${target})
  troupe_precompile(${target} library)
  if(ARG_SHARED)
    # The soname names the minor version: until 1.0 any of them may change the port.
    set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION}
      SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
    # Calls within the library are direct, as they would be in a static one.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
  endif()
endfunction()

# Tests call what is optimised; they themselves need not be, and compile in three quarters of the time.
function(troupe_compile_sooner target)
  target_compile_options(${target} PRIVATE $<$<AND:$<CONFIG:RelWithDebInfo>,$<COMPILE_LANGUAGE:CXX>>:-O1>)
endfunction()

function(troupe_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_PRIVATE})
  troupe_common(${name})
  if(ARG_PRIVATE MATCHES GTest)
    troupe_compile_sooner(${name})
    troupe_precompile(${name} tests)
  endif()
endfunction()
