# Training strategies, what they have in common, and the table of them.
troupe_library(algorithms
  HEADERS asynchronous_sgd/downpour.hpp butterfly/asynchronous_mixing.hpp butterfly/averaging_consensus.hpp
          butterfly/butterfly_layer.hpp butterfly/butterfly_mixing.hpp butterfly/dynamic_sharing.hpp
          butterfly/graph_mixing.hpp butterfly/hybrid_propagation.hpp butterfly/low_rank.hpp butterfly/mailbox.hpp
          butterfly/mixing.hpp butterfly/model_parallel.hpp butterfly/partners.hpp butterfly/subnet_messages.hpp
          butterfly/subnet_training.hpp choice.hpp footprint.hpp data_parallel/buckets.hpp data_parallel/data_parallel.hpp data_parallel/through_horovod.hpp
          graph.hpp inbox.hpp judge.hpp learner.hpp map_reduce/cross_validation.hpp map_reduce/driver.hpp map_reduce/map_reduce.hpp
          model_averaging/averaging.hpp model_averaging/diloco.hpp model_averaging/easgd.hpp
          model_averaging/fedavg.hpp model_averaging/local_sgd.hpp models/least_squares.hpp models/model.hpp
          optimisers/adagrad.hpp optimisers/adam.hpp optimisers/clipping.hpp optimisers/gradient_descent.hpp
          optimisers/momentum.hpp optimisers/optimiser.hpp optimisers/polyak.hpp optimisers/schedule.hpp
          parallel/block_coordinate.hpp parallel/decoupled_greedy.hpp parallel/pipeline.hpp parallel/schedule.hpp
          parallel/sharded_optimiser.hpp parallel/split_layer.hpp parallel/stage.hpp parallel/tensor_parallel.hpp
          parameter_server/parameter_server.hpp reporter.hpp settings.hpp starting_points.hpp strategies.hpp strategy_tables.hpp
          training_log.hpp
          training_problem.hpp
  SOURCES asynchronous_sgd/downpour.cpp butterfly/asynchronous_mixing.cpp butterfly/averaging_consensus.cpp
          butterfly/butterfly_layer.cpp butterfly/butterfly_mixing.cpp butterfly/dynamic_sharing.cpp
          butterfly/graph_mixing.cpp butterfly/hybrid_propagation.cpp butterfly/low_rank.cpp butterfly/mailbox.cpp
          butterfly/mixing.cpp butterfly/model_parallel.cpp butterfly/partners.cpp butterfly/subnet_messages.cpp
          butterfly/subnet_training.cpp choice.cpp footprint.cpp data_parallel/buckets.cpp data_parallel/data_parallel.cpp data_parallel/through_horovod.cpp
          graph.cpp inbox.cpp judge.cpp learner.cpp map_reduce/cross_validation.cpp map_reduce/driver.cpp map_reduce/map_reduce.cpp
          model_averaging/averaging.cpp model_averaging/diloco.cpp model_averaging/easgd.cpp
          model_averaging/fedavg.cpp model_averaging/local_sgd.cpp models/least_squares.cpp models/model.cpp
          optimisers/adagrad.cpp optimisers/adam.cpp optimisers/clipping.cpp optimisers/gradient_descent.cpp
          optimisers/momentum.cpp optimisers/optimiser.cpp optimisers/polyak.cpp optimisers/schedule.cpp
          parallel/block_coordinate.cpp parallel/decoupled_greedy.cpp parallel/pipeline.cpp parallel/schedule.cpp
          parallel/sharded_optimiser.cpp parallel/split_layer.cpp parallel/stage.cpp parallel/tensor_parallel.cpp
          parameter_server/parameter_server.cpp reporter.cpp settings.cpp starting_points.cpp strategies.cpp
          training_log.cpp
          asynchronous_sgd/table.cpp butterfly/table.cpp data_parallel/table.cpp gossip/table.cpp map_reduce/table.cpp
          model_averaging/table.cpp parallel/table.cpp parameter_server/table.cpp work_stealing/table.cpp
  PUBLIC troupe::core troupe::collectives
  PRIVATE troupe::horovod)
# Gossip: ranks that talk to a few others, and never to all.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          gossip/ad_psgd.hpp gossip/d_psgd.hpp gossip/incremental_gradient.hpp gossip/push_sum.hpp gossip/sgp.hpp
  PRIVATE gossip/ad_psgd.cpp gossip/d_psgd.cpp gossip/incremental_gradient.cpp gossip/push_sum.cpp gossip/sgp.cpp)
# Servers, histories and thieves.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          asynchronous_sgd/gradient_history.hpp parameter_server/keys.hpp parameter_server/serving.hpp parameter_server/stale_gradients.hpp
          work_stealing/chunks.hpp work_stealing/work_stealing.hpp
  PRIVATE asynchronous_sgd/gradient_history.cpp parameter_server/keys.cpp parameter_server/serving.cpp parameter_server/stale_gradients.cpp
          work_stealing/chunks.cpp work_stealing/work_stealing.cpp)
