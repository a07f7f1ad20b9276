# What a machine can do, measured through the port.
troupe_library(microbenchmarks
  HEADERS microbenchmarks/device.hpp microbenchmarks/ladders.hpp
          microbenchmarks/shape_collector.hpp microbenchmarks/workbench.hpp
  SOURCES microbenchmarks/device.cpp microbenchmarks/ladders.cpp
          microbenchmarks/shape_collector.cpp microbenchmarks/workbench.cpp
  PUBLIC troupe::core
  PRIVATE troupe::algorithms)
