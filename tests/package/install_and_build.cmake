# cmake -D build= -D prefix= -D example= -D example_build= -D generator= -D compiler= -P: installs `build` to an empty
# `prefix`, starts the installed program where there is one, and builds `example` against the prefix and nothing else of ours.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}: ${status}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${prefix} ${example_build})
run(${CMAKE_COMMAND} --install ${build} --prefix ${prefix})
if(EXISTS ${prefix}/bin/troupe)
  run(${prefix}/bin/troupe --version)
  foreach(described share/man/man1/troupe-run.1 share/bash-completion/completions/troupe share/zsh/site-functions/_troupe
          share/fish/vendor_completions.d/troupe.fish)
    if(NOT EXISTS ${prefix}/${described})
      message(FATAL_ERROR "${described} is not installed")
    endif()
  endforeach()
endif()
run(${CMAKE_COMMAND} -S ${example} -B ${example_build} -G ${generator} -D CMAKE_CXX_COMPILER=${compiler}
    -D CMAKE_BUILD_TYPE=RelWithDebInfo -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
run(${CMAKE_COMMAND} --build ${example_build})
