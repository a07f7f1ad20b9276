# Training strategies, what they train, and the table of them.
troupe_library(algorithms
  HEADERS choice.hpp learner.hpp settings.hpp graph.hpp inbox.hpp reporter.hpp strategies.hpp training_log.hpp training_problem.hpp
          asynchronous_sgd/downpour.hpp butterfly/butterfly_mixing.hpp
          data_parallel/data_parallel.hpp map_reduce/driver.hpp map_reduce/map_reduce.hpp
          models/least_squares.hpp models/model.hpp
          parameter_server/parameter_server.hpp zero_gradient_sum/zero_gradient_sum.hpp
  SOURCES choice.cpp learner.cpp settings.cpp graph.cpp inbox.cpp reporter.cpp strategies.cpp training_log.cpp
          asynchronous_sgd/downpour.cpp butterfly/butterfly_mixing.cpp
          data_parallel/data_parallel.cpp map_reduce/driver.cpp map_reduce/map_reduce.cpp
          models/least_squares.cpp models/model.cpp
          parameter_server/parameter_server.cpp zero_gradient_sum/zero_gradient_sum.cpp
  PUBLIC troupe::core troupe::collectives)
# Replicas: whole models, or all but a part of them, on every rank.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          data_parallel/buckets.hpp model_averaging/averaging.hpp model_averaging/diloco.hpp model_averaging/easgd.hpp
          model_averaging/fedavg.hpp model_averaging/local_sgd.hpp parallel/block_coordinate.hpp
          parallel/decoupled_greedy.hpp parallel/pipeline.hpp parallel/schedule.hpp parallel/sharded_optimiser.hpp
          parallel/split_layer.hpp parallel/stage.hpp parallel/tensor_parallel.hpp
  PRIVATE data_parallel/buckets.cpp model_averaging/averaging.cpp model_averaging/diloco.cpp model_averaging/easgd.cpp
          model_averaging/fedavg.cpp model_averaging/local_sgd.cpp parallel/block_coordinate.cpp
          parallel/decoupled_greedy.cpp parallel/pipeline.cpp parallel/schedule.cpp parallel/sharded_optimiser.cpp
          parallel/split_layer.cpp parallel/stage.cpp parallel/tensor_parallel.cpp)
# The butterfly: partners, how they average, and what is trained that way.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          butterfly/asynchronous_mixing.hpp butterfly/graph_mixing.hpp butterfly/hybrid_propagation.hpp
          butterfly/mailbox.hpp butterfly/mixing.hpp butterfly/partners.hpp
  PRIVATE butterfly/asynchronous_mixing.cpp butterfly/graph_mixing.cpp butterfly/hybrid_propagation.cpp
          butterfly/mailbox.cpp butterfly/mixing.cpp butterfly/partners.cpp)
# Optimisers and what goes with any of them.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          optimisers/adagrad.hpp optimisers/adam.hpp optimisers/clipping.hpp optimisers/gradient_descent.hpp
          optimisers/momentum.hpp optimisers/optimiser.hpp optimisers/polyak.hpp optimisers/schedule.hpp
  PRIVATE optimisers/adagrad.cpp optimisers/adam.cpp optimisers/clipping.cpp optimisers/gradient_descent.cpp
          optimisers/momentum.cpp optimisers/optimiser.cpp optimisers/polyak.cpp optimisers/schedule.cpp)
# Servers, histories and thieves.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          asynchronous_sgd/gradient_history.hpp parameter_server/serving.hpp parameter_server/stale_gradients.hpp
          work_stealing/chunks.hpp work_stealing/work_stealing.hpp
  PRIVATE asynchronous_sgd/gradient_history.cpp parameter_server/serving.cpp parameter_server/stale_gradients.cpp
          work_stealing/chunks.cpp work_stealing/work_stealing.cpp)
