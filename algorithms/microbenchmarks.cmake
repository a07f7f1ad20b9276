# What a machine can do, measured through the port.
troupe_library(microbenchmarks
  HEADERS microbenchmarks/device.hpp microbenchmarks/ladders.hpp microbenchmarks/messages.hpp
          microbenchmarks/rounds.hpp microbenchmarks/shape_collector.hpp
          microbenchmarks/survey.hpp microbenchmarks/workbench.hpp
  SOURCES microbenchmarks/burst.cpp microbenchmarks/crossing.cpp
          microbenchmarks/device.cpp microbenchmarks/incast.cpp
          microbenchmarks/ladders.cpp microbenchmarks/ping_pong.cpp microbenchmarks/rounds.cpp
          microbenchmarks/shape_collector.cpp microbenchmarks/survey.cpp
          microbenchmarks/two_way.cpp microbenchmarks/workbench.cpp
  PUBLIC troupe::core
  PRIVATE troupe::algorithms)
