# The collectives, their closed forms and the catalogue of both.
troupe_library(collectives
  HEADERS catalogue.hpp tables.hpp selection.hpp layout.hpp blocks.hpp binomial_tree.hpp fold.hpp in_place.hpp
          side_by_side.hpp cost/cost.hpp
          allgather/allgather.hpp all_to_all/all_to_all.hpp allreduce/allreduce.hpp allreduce/kylix.hpp
          allreduce/ring_place.hpp allreduce/tree_links.hpp barrier/barrier.hpp broadcast/broadcast.hpp
          gather/gather.hpp reduce/reduce.hpp reduce_scatter/reduce_scatter.hpp scatter/scatter.hpp
  SOURCES catalogue.cpp tables.cpp selection.cpp layout.cpp fold.cpp side_by_side.cpp
          cost/allreduce.cpp cost/all_to_all.cpp cost/one_way.cpp cost/lower_bound.cpp
          allgather/bruck.cpp allgather/doubling.cpp allgather/ring.cpp allgather/varying.cpp
          all_to_all/bruck.cpp all_to_all/pairwise.cpp all_to_all/varying.cpp
          allreduce/binomial.cpp allreduce/butterfly.cpp allreduce/butterfly_full_vector.cpp allreduce/central.cpp
          allreduce/direct.cpp allreduce/double_binary_tree.cpp allreduce/halving_doubling.cpp
          allreduce/hierarchical.cpp allreduce/kylix.cpp allreduce/multi_ring.cpp
          allreduce/recursive_doubling.cpp allreduce/ring.cpp allreduce/torus.cpp
          barrier/dissemination.cpp broadcast/binomial.cpp broadcast/chain.cpp broadcast/scatter_allgather.cpp
          gather/binomial.cpp reduce/binomial.cpp reduce_scatter/halving.cpp reduce_scatter/ring.cpp
          scatter/binomial.cpp
          allgather/table.cpp all_to_all/table.cpp allreduce/table.cpp barrier/table.cpp broadcast/table.cpp
          gather/table.cpp reduce/table.cpp reduce_scatter/table.cpp scatter/table.cpp
  PUBLIC troupe::core)
