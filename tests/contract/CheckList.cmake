# cases.txt is what the executable lists: CTest knows the cases from the file, before anything is built.
execute_process(COMMAND ${LISTER} --list OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
file(READ ${LIST} written)
if(NOT listed STREQUAL written)
  message(FATAL_ERROR "${LIST} is not what the suite has; write it with: ${LISTER} --list > ${LIST}")
endif()
