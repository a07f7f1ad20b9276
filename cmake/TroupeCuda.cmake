# CUDA where it is asked for (preset cuda) and a toolkit is found: sets TROUPE_HAS_CUDA, and TROUPE_HAS_NCCL with target
# NCCL::NCCL. A GPU is not needed to build.
option(TROUPE_CUDA "Build the CUDA backend, where a toolkit is found" OFF)
set(TROUPE_HAS_CUDA OFF)
set(TROUPE_HAS_NCCL OFF)
if(NOT TROUPE_CUDA)
  troupe_skip("the CUDA backend" "not asked for (preset cuda)")
  return()
endif()

if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX} AND EXISTS /usr/local/cuda/bin/nvcc)
  set(CMAKE_CUDA_COMPILER /usr/local/cuda/bin/nvcc)  # NVIDIA's own packages leave it out of the PATH
endif()
if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80 90)  # A100, H100 and H200; newer ones compile the PTX of the last
endif()
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  troupe_skip("the CUDA backend" "no CUDA compiler was found")
  return()
endif()
enable_language(CUDA)
if(CMAKE_VERSION VERSION_LESS 3.25.3 AND NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  # CMake 3.25.1 (Debian 12) does not know that nvcc speaks C++20.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD 20)
find_package(CUDAToolkit REQUIRED)
set(TROUPE_HAS_CUDA ON)

find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} $ENV{NCCL_HOME}/include)
find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR} $ENV{NCCL_HOME}/lib)
if(NCCL_INCLUDE_DIR AND NCCL_LIBRARY)
  set(TROUPE_HAS_NCCL ON)
  add_library(NCCL::NCCL UNKNOWN IMPORTED)
  set_target_properties(NCCL::NCCL PROPERTIES
    IMPORTED_LOCATION ${NCCL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE_DIR})
else()
  troupe_skip("the NCCL transport" "NCCL was not found (NCCL_HOME says where it is)")
endif()
