# troupe_contract_tests(BACKEND COMMAND command... [SIMULATED_CLOCK] [LABELS labels...])
# Registers one CTest test contract.BACKEND.NAME for every case of tests/contract/cases.txt. The command is given the
# name of the case; @RANKS@ in it stands for the number of ranks the case needs. Cases that assert simulated times are
# registered only where SIMULATED_CLOCK is given.
set(TROUPE_CONTRACT_CASES ${CMAKE_CURRENT_LIST_DIR}/cases.txt)

function(troupe_contract_tests backend)
  cmake_parse_arguments(ARG "SIMULATED_CLOCK" "" "COMMAND;LABELS" ${ARGN})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TROUPE_CONTRACT_CASES})
  file(STRINGS ${TROUPE_CONTRACT_CASES} lines)
  foreach(line IN LISTS lines)
    separate_arguments(words UNIX_COMMAND "${line}")
    list(POP_FRONT words name ranks)
    if("simulated" IN_LIST words AND NOT ARG_SIMULATED_CLOCK)
      continue()
    endif()
    string(REPLACE "@RANKS@" "${ranks}" command "${ARG_COMMAND}")
    add_test(NAME contract.${backend}.${name} COMMAND ${command} ${name})
    set_tests_properties(contract.${backend}.${name} PROPERTIES TIMEOUT 60 LABELS "contract;${ARG_LABELS}")
  endforeach()
endfunction()
