# The MPI backend compiled a second time, by smpicxx against SMPI's mpi.h: executable smpi_times, and tests of it under
# smpirun. Only what includes mpi.h is compiled again; an executable holds SMPI or a real MPI, never both.

find_program(SMPICXX smpicxx)
find_program(SMPIRUN smpirun)
if(NOT SMPICXX OR NOT SMPIRUN OR NOT TARGET troupe_collectives OR TROUPE_SANITIZE)
  add_test(NAME mpi.smpi COMMAND ${CMAKE_COMMAND} -E echo
    "SKIPPED: needs smpicxx and smpirun, the collectives, and no sanitizer")
  set_tests_properties(mpi.smpi PROPERTIES SKIP_REGULAR_EXPRESSION "^SKIPPED" LABELS "mpi;smpi")
  return()
endif()

get_target_property(backend_sources troupe_mpi_backend SOURCES)
set(sources ${CMAKE_CURRENT_SOURCE_DIR}/smpi_times.cpp ${PROJECT_SOURCE_DIR}/real_backend/mpi/launch.cpp)
foreach(source IN LISTS backend_sources)
  list(APPEND sources ${PROJECT_SOURCE_DIR}/real_backend/mpi/${source})
endforeach()
set(objects)
foreach(source IN LISTS sources)
  cmake_path(GET source FILENAME name)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/smpi/${name}.o)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${SMPICXX} -std=c++20 -O2 -I${PROJECT_SOURCE_DIR}
            -MD -MT ${object} -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d COMMENT "Building ${name} with smpicxx" VERBATIM)
  list(APPEND objects ${object})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/smpi)
set(smpi_times ${CMAKE_CURRENT_BINARY_DIR}/smpi_times)
add_custom_command(OUTPUT ${smpi_times}
  COMMAND ${SMPICXX} ${objects} $<TARGET_FILE:troupe_collectives> $<TARGET_FILE:troupe_core>
          $<TARGET_FILE:Boost::context> -Wl,-rpath,$<TARGET_FILE_DIR:troupe_core> -o ${smpi_times}
  DEPENDS ${objects} troupe_collectives troupe_core COMMENT "Linking smpi_times with smpicxx" VERBATIM)
add_custom_target(troupe_smpi_times ALL DEPENDS ${smpi_times})

# What makes a message cost latency + bytes / bandwidth, as in our own worlds:
#   smpi/simulate-computation:no   the host's own speed stays out of it
#   smpi/wtime:0, smpi/test:0      asking for the time or for a request takes none (10 ns and 0.1 ms otherwise)
#   network/model:CM02, factors 1  smpirun asks for the model SMPI, whose factors depend on the length; the last wins
#   network/crosstraffic:0         acknowledgements take nothing from the other direction
# Nothing is needed about eagerness (smpi/async-small-thresh, smpi/send-is-detached-thresh): the backend sends with
# MPI_Issend above the port's eager limit, which is 0 here. smpi/os, or and ois are zero by default. What remains of
# SMPI's own is an envelope of 16 bytes a message.
set(TROUPE_SMPI_SETTINGS --cfg=smpi/simulate-computation:no --cfg=smpi/wtime:0 --cfg=smpi/test:0
  --cfg=network/model:CM02 --cfg=network/latency-factor:1 --cfg=network/bandwidth-factor:1
  --cfg=network/crosstraffic:0 --log=root.thres:warning)

# troupe_smpi_test(NAME RANKS ARGUMENTS...): smpi_times on the star: two cables of 1 us and 10 Gb/s.
set(hostfile ${CMAKE_CURRENT_BINARY_DIR}/smpi/hosts)
file(WRITE ${hostfile} "h0\nh1\nh2\nh3\nh4\nh5\nh6\nh7\nh8\nh9\nh10\nh11\nh12\nh13\nh14\nh15\n")
function(troupe_smpi_test name ranks)
  add_test(NAME mpi.${name}
    COMMAND ${SMPIRUN} -np ${ranks} -platform ${PROJECT_SOURCE_DIR}/platforms/star_16.xml -hostfile ${hostfile}
            ${TROUPE_SMPI_SETTINGS} ${smpi_times} 2e-6 8e-10 ${ARGN})
  set_tests_properties(mpi.${name} PROPERTIES TIMEOUT 60 LABELS "mpi;smpi" PASS_REGULAR_EXPRESSION "agreed")
endfunction()

troupe_smpi_test(SmpiChargesAMessageItsLatencyAndBandwidth 2 message 0 1 1000 65535 65536 1000000 100000000)
troupe_smpi_test(SmpiAgreesWithTheRing 4 ring 4 4096 65536 1048576 16777216)
troupe_smpi_test(SmpiAgreesWithTheRingOf16 16 ring 65536 1048576)
troupe_smpi_test(SmpiAgreesWithRecursiveDoubling 8 recursive_doubling 4 65536 1048576)
troupe_smpi_test(SmpiAgreesWithHalvingDoubling 8 halving_doubling 64 65536 1048576)
