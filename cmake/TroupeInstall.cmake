# What is installed: the programs, the shipped platforms and scenarios, and troupe::core for algorithms written outside this
# tree (find_package(troupe), examples/own_allreduce). Headers go to include/troupe, which is the include directory of the
# exported target: #include "core/communicator.hpp" is the same line inside and outside.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)
set(data_dir ${CMAKE_INSTALL_DATADIR}/troupe)

install(TARGETS troupe_core EXPORT troupe_targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/troupe)
install(EXPORT troupe_targets NAMESPACE troupe:: FILE troupe-targets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/troupe-config.cmake.in ${CMAKE_BINARY_DIR}/troupe-config.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS data_dir)
# Until 1.0 a minor version may change the port.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/troupe-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/troupe-config.cmake ${CMAKE_BINARY_DIR}/troupe-config-version.cmake
  DESTINATION ${package_dir})

file(RELATIVE_PATH from_programs_to_libraries
  ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
foreach(program troupe troupe-mpi troupe-cuda)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/${from_programs_to_libraries}")
    if(program STREQUAL troupe-cuda)  # NVIDIA's packages put its libraries where the loader may not look
      set_property(TARGET troupe-cuda APPEND PROPERTY INSTALL_RPATH ${CUDAToolkit_LIBRARY_DIR})
    endif()
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
foreach(data platforms scenarios)
  install(DIRECTORY ${data}/ DESTINATION ${data_dir}/${data} USE_SOURCE_PERMISSIONS
    FILES_MATCHING PATTERN "*.xml" PATTERN "*.json" PATTERN "*.sh" PATTERN "*.sbatch" PATTERN simgrid EXCLUDE)
endforeach()
set(manual ${PROJECT_BINARY_DIR}/cli/manual)
install(DIRECTORY ${manual}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${manual}/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME troupe)
install(FILES ${manual}/completion.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _troupe)
install(FILES ${manual}/completion.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME troupe.fish)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(PROJECT_IS_TOP_LEVEL)
  set(CPACK_GENERATOR DEB TGZ)
  set(CPACK_PACKAGE_NAME troupe)
  set(CPACK_PACKAGE_CONTACT "The Troupe authors <noreply@example.org>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
  set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS openmpi-bin)
  set(CPACK_DEBIAN_PACKAGE_SECTION science)
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  include(CPack)
endif()
