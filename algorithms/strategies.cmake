# Training strategies, what they train, and the table of them.
troupe_library(algorithms
  HEADERS choice.hpp learner.hpp settings.hpp graph.hpp inbox.hpp reporter.hpp strategies.hpp training_log.hpp training_problem.hpp
          asynchronous_sgd/downpour.hpp butterfly/butterfly_mixing.hpp
          data_parallel/data_parallel.hpp map_reduce/driver.hpp map_reduce/map_reduce.hpp
          models/least_squares.hpp models/model.hpp
          optimisers/optimiser.hpp
          parameter_server/parameter_server.hpp zero_gradient_sum/zero_gradient_sum.hpp
  SOURCES choice.cpp learner.cpp settings.cpp graph.cpp inbox.cpp reporter.cpp strategies.cpp training_log.cpp
          asynchronous_sgd/downpour.cpp butterfly/butterfly_mixing.cpp
          data_parallel/data_parallel.cpp map_reduce/driver.cpp map_reduce/map_reduce.cpp
          models/least_squares.cpp models/model.cpp optimisers/optimiser.cpp
          parameter_server/parameter_server.cpp zero_gradient_sum/zero_gradient_sum.cpp
  PUBLIC troupe::core troupe::collectives)
