# Strategies of neighbours on a graph, and what they are compared with.
target_sources(troupe_algorithms
  PUBLIC FILE_SET HEADERS FILES
          convex_shard.hpp neighbourhood.hpp newton.hpp
          consensus/admm.hpp consensus/extra.hpp consensus/gradient_descent.hpp
          consensus/gradient_tracking.hpp consensus/mixing_node.hpp
          zero_gradient_sum/column_shard.hpp zero_gradient_sum/columns.hpp
          zero_gradient_sum/continuous.hpp zero_gradient_sum/convex_node.hpp
          zero_gradient_sum/delayed.hpp zero_gradient_sum/edge_pull.hpp
          zero_gradient_sum/dual_steps.hpp zero_gradient_sum/event_triggered.hpp zero_gradient_sum/general.hpp
          zero_gradient_sum/interaction.hpp zero_gradient_sum/lossy.hpp
          zero_gradient_sum/pairwise_equalising.hpp zero_gradient_sum/quadratic_node.hpp
          zero_gradient_sum/step_limit.hpp zero_gradient_sum/triangle.hpp
          zero_gradient_sum/zero_gradient_sum.hpp
  PRIVATE convex_shard.cpp neighbourhood.cpp newton.cpp
          consensus/consensus_admm.cpp consensus/decentralised_admm.cpp consensus/extra.cpp
          consensus/gradient_descent.cpp consensus/gradient_tracking.cpp
          consensus/mixing_node.cpp consensus/table.cpp
          zero_gradient_sum/column_shard.cpp zero_gradient_sum/columns.cpp
          zero_gradient_sum/continuous.cpp zero_gradient_sum/convex_node.cpp
          zero_gradient_sum/delayed.cpp zero_gradient_sum/dual_steps.cpp
          zero_gradient_sum/edge_pull.cpp
          zero_gradient_sum/event_triggered.cpp zero_gradient_sum/general.cpp
          zero_gradient_sum/interaction.cpp zero_gradient_sum/lossy.cpp
          zero_gradient_sum/pairwise_equalising.cpp zero_gradient_sum/quadratic_node.cpp
          zero_gradient_sum/step_limit.cpp zero_gradient_sum/table.cpp zero_gradient_sum/triangle.cpp
          zero_gradient_sum/zero_gradient_sum.cpp)
# The spectrum of a directed graph's network is no kernel's work.
target_link_libraries(troupe_algorithms PRIVATE Eigen3::Eigen)
